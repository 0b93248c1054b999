#!/bin/sh
# Checks one capture of an evidence file as its README describes, with openssl, sha256sum and basenc alone.
# In this folder: facts, before, path (a hash a line, hex), number, size, checkpoint, key (the base64 of the public key),
# list (lines of sha256sum) and the members that it names. Ends with 0 and prints "agrees" if everything fits.
set -eu

bytes() { tr a-f A-F | basenc --base16 -d; }
sha() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }

link=$( { bytes < before; openssl dgst -sha256 -binary facts; } | sha)
leaf=$( { printf '\000'; printf %s "$link" | bytes; } | sha)
index=$(($(cat number) - 1)) last=$(($(cat size) - 1))
while read -r sibling; do
  if [ $((index % 2)) -eq 1 ] || [ "$index" -eq "$last" ]; then
    leaf=$( { printf '\001'; printf %s "$sibling$leaf" | bytes; } | sha)
    while [ $((index % 2)) -eq 0 ] && [ "$index" -ne 0 ]; do index=$((index / 2)) last=$((last / 2)); done
  else
    leaf=$( { printf '\001'; printf %s "$leaf$sibling" | bytes; } | sha)
  fi
  index=$((index / 2)) last=$((last / 2))
done < path
[ "$last" -eq 0 ]
[ "$(sed -n 3p checkpoint)" = "$(printf %s "$leaf" | bytes | base64)" ]
[ "$(sed -n 2p checkpoint)" = "$(cat size)" ]

head -n 3 checkpoint > text
sed -n 's/^— .* //p' checkpoint | base64 -d | tail -c 64 > signature
{ echo 302A300506032B6570032100 | bytes; base64 -d key | tail -c 32; } > key.der
openssl pkey -pubin -inform DER -in key.der -out key.pem
openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature > /dev/null
sha256sum --check --quiet list
echo agrees
