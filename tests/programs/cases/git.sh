# git: many short processes, memory maps, threads in pack-objects. Dates and names are fixed, so that every
# object name is the same in both runs.

export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.invalid
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat

commit()
{
    clock=$((${clock:-1000000000} + 3600))
    GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git "${@:-commit}" -q -m "at $clock"
}

# A repository `repo` of 25 commits on main, and 5 on a branch that left it half-way.
make_repository()
{
    git init -q -b main repo
    cd repo
    local i
    records 3000 >records
    cp -r /usr/include/rpc* /usr/include/net /usr/include/arpa .
    git add .
    commit
    for i in {1..24}; do
        sed -i "$((i * 50))s/\$/ change $i/; $((i * 61))d" records
        echo "file $i" >"file$((i % 9))"
        git add .
        commit
        if ((i == 12)); then git branch side; fi
    done
    git checkout -q side
    for i in {1..5}; do
        echo "side $i" >>side
        git add side
        commit
    done
    git checkout -q main
}

case_history()
{
    uses git
    make_repository
    git log --oneline --graph --all
    git log --stat --reverse -n 10
    git log -p -n 5
    git log -S 'change 7' --oneline
    git blame -s records | first 400
    git diff --word-diff HEAD~15 HEAD
    git shortlog -s HEAD
    git grep -c uint32_t HEAD
    git rev-list --objects --all | cksum
}

case_merge_and_rebase()
{
    uses git
    make_repository
    clock=1100000000
    commit merge side
    git checkout -q -b conflict HEAD~3
    sed -i '1000,1200s/$/ theirs/' records
    git add .
    commit
    status_of git merge main
    git status --short
    git diff | cksum
    git checkout --theirs records
    git add records
    commit
    git checkout -q side
    GIT_COMMITTER_DATE='1200000000 +0000' git -c rebase.backend=merge rebase -q main~2
    git cherry-pick -n main~5 || echo "status $?"
    git log --format='%H %s' --all
}

case_clone_and_gc()
{
    uses git
    make_repository
    cd ..
    git clone -q --bare --no-local repo bare.git
    git clone -q bare.git copy
    git -C copy -c pack.threads=2 repack -q -a -d -f --depth=50 --window=50
    git -C copy gc -q --prune=now
    git -C copy fsck --full --strict
    git -C copy count-objects -v | grep -E '^(count|in-pack|packs|garbage)'
    git -C repo bundle create -q ../bundle --all
    git clone -q bundle from_bundle
    git -C from_bundle rev-parse HEAD origin/side
    git -C from_bundle archive --format=tar HEAD >out/archive.tar
    git -C copy push -q origin HEAD:refs/heads/pushed
    git -C bare.git for-each-ref
    status_of git -C copy checkout absent
}
