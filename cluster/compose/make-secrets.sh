#!/bin/sh
# Makes .env out of env.example, for its owner alone, with a new secret of 128 bits where env.example leaves one empty.
set -eu
umask 077
cd "$(dirname "$0")"
if [ -e .env ]; then
  echo ".env is there already, with the secrets of the cluster that was started with it: remove it to make others." >&2
  exit 1
fi
while IFS= read -r line; do
  case $line in
    *=) echo "$line$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) echo "$line" ;;
  esac
done < env.example > .env.new
mv .env.new .env
echo "made $(pwd)/.env"
