#!/bin/bash
# Makes a CA and one certificate for Elasticsearch and Kibana in the folder given, unless they are there.
# The service `certificates` runs it in Elasticsearch's home. The CA's key is not kept: nobody can sign with it again.
set -euo pipefail
folder=$1
[ ! -e "$folder/node.key" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin/elasticsearch-certutil ca --silent --pem --out "$work/ca.zip"
unzip -q "$work/ca.zip" -d "$work"
bin/elasticsearch-certutil cert --silent --pem --out "$work/node.zip" --name node \
  --dns localhost,elasticsearch,kibana --ip 127.0.0.1 --ca-cert "$work/ca/ca.crt" --ca-key "$work/ca/ca.key"
unzip -q "$work/node.zip" -d "$work"
# Both images run as a user of the group 0.
chmod 640 "$work/ca/ca.crt" "$work/node/node.crt" "$work/node/node.key"
cp -p "$work/ca/ca.crt" "$work/node/node.crt" "$folder"
mv "$work/node/node.key" "$folder"
