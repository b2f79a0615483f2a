#!/bin/sh
# Make the secrets of deploy/compose.yaml, each from the machine's own randomness; what is there already is kept.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

random() {
    head -c "$1" /dev/urandom | base64 | tr -d '\n'
}

# URLs hold them, so only letters and digits.
password() {
    random 64 | tr -dc 'A-Za-z0-9' | cut -c 1-40
}

# The folder is closed to others; the files are open, because the container's user is another one than yours.
keep() {
    if [ ! -e "secrets/$1" ]; then
        cat > "secrets/.$1"
        chmod 0444 "secrets/.$1"
        mv "secrets/.$1" "secrets/$1"
        echo "made deploy/secrets/$1"
    fi
}

url() {
    printf 'postgresql://%s:%s@postgres:5432/%s' "$1" "$2" "$3"
}

password | keep postgres_password
password | keep valkey_password
random 32 | keep secret_key
url postgres "$(cat secrets/postgres_password)" narthex | keep admin_url
url narthex_owner "$(password)" narthex | keep owner_url
url narthex_app "$(password)" narthex | keep database_url
printf 'redis://:%s@valkey:6379/0' "$(cat secrets/valkey_password)" | keep valkey_url
printf '' | keep smtp_url

if [ ! -s secrets/smtp_url ]; then
    echo "deploy/secrets/smtp_url is empty, so nothing can be mailed: write smtp://user:password@host:587 into it."
fi
