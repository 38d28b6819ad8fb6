# openssl: big numbers, key material in memory of its own, and ciphers over large buffers.

case_rsa_keys()
{
    uses openssl
    openssl genrsa -out key.pem 3072
    openssl rsa -in key.pem -check -noout
    openssl rsa -in key.pem -pubout -out public.pem
    records 2000 >text
    openssl dgst -sha256 -sign key.pem -out signature text
    openssl dgst -sha256 -verify public.pem -signature signature text
    echo changed >>text
    # Errors begin with the thread's id, which is an address.
    status_of openssl dgst -sha256 -verify public.pem -signature signature text 2>&1 | sed -E 's/^[0-9A-F]+:error/error/'
    wc -c <signature
}

case_certificates()
{
    uses openssl
    local name
    for name in authority server; do
        openssl ecparam -name prime256v1 -genkey -noout -out $name.key
        openssl req -new -key $name.key -subj "/CN=$name.invalid/O=libma" -out $name.csr
        openssl req -in $name.csr -verify -noout -subject
    done
    openssl req -x509 -key authority.key -in authority.csr -days 30 -out authority.pem
    openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -set_serial 7 -days 20 -out server.pem
    openssl verify -CAfile authority.pem server.pem
    openssl x509 -in server.pem -noout -serial -subject -issuer
    status_of openssl verify server.pem
    openssl pkcs12 -export -in server.pem -inkey server.key -passout pass:x -out both.p12
    openssl pkcs12 -in both.p12 -passin pass:x -nodes -nokeys | openssl x509 -noout -subject
}

case_ciphers()
{
    uses openssl
    local cipher hash key=00112233445566778899aabbccddeeff
    records 60000 >text
    for cipher in aes-128-cbc aes-256-ctr chacha20 camellia-128-cbc; do
        openssl enc -$cipher -K $key$key -iv $key -in text -out out/$cipher
        openssl enc -d -$cipher -K $key$key -iv $key -in out/$cipher | cmp - text
    done
    openssl enc -aes-256-cbc -pbkdf2 -iter 5000 -S 0011223344556677 -pass pass:x -in text | openssl base64 | cksum
    for hash in sha1 sha512 sha3-256 blake2b512 sm3; do
        openssl dgst -$hash text
    done
    openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:x -kdfopt salt:yy -kdfopt iter:2000 PBKDF2
    openssl kdf -keylen 64 -kdfopt pass:x -kdfopt salt:y -kdfopt n:16384 -kdfopt r:8 -kdfopt p:1 SCRYPT
    openssl prime 170141183460469231731687303715884105727
    openssl asn1parse -genstr UTF8:text
}
