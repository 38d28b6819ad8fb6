# Associative arrays and strings: awk -v size=N -f words.awk. Prints a checksum.
function number() {
    state = (state * 69069 + 12345) % 1048576
    return state
}

BEGIN {
    state = 4711
    for (i = 0; i < size; i++) {
        word = sprintf("w%x", number() % 50000)
        count[word]++
        lines[word] = substr(lines[word] " " i, 1, 200)
        if (i % 3 == 0) {
            gsub(/1/, "one", word)
            other[word, i % 100] = toupper(word)
        }
        if (i % 7 == 0) {
            delete lines["w" sprintf("%x", number() % 50000)]
        }
    }
    for (word in count) {
        sum += count[word] * length(lines[word])
    }
    for (key in other) {
        split(key, parts, SUBSEP)
        total += length(parts[1]) + length(other[key])
    }
    print length(count), length(other), sum, total
}
