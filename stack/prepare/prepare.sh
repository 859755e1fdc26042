#!/usr/bin/env bash
# Runs to its end before everything else, as the container's root: folders that the other containers and the host's
# user can write, whoever made them, and the broker's certificate.
#   /state  stack/.state on the host: ca.pem, faults, rules of a short game day, received telemetry
#   /tls    a volume: the broker's key, which therefore never lies on the host
set -euo pipefail
export LC_ALL=C
password=$KEYSTORE_PASSWORD
day=86400

mkdir -p /state/certs /state/faults /state/rules /state/telemetry
# The host's user puts faults there, the collector (another uid) its files, and either may have to delete them.
chmod 0777 /state /state/certs /state/faults /state/rules /state/telemetry

usable() {
  [ -s /tls/ca.pem ] && [ "$(cat /tls/renew-after 2>/dev/null || echo 0)" -gt "$(date +%s)" ] &&
    keytool -list -keystore /tls/broker.p12 -storepass "$password" -alias broker >/dev/null 2>&1
}

make_certificates() {
  local work; work=$(mktemp -d)
  (
    cd "$work"
    key() { keytool -genkeypair -keyalg EC -groupname secp256r1 -validity 365 -storetype PKCS12 -storepass "$password" "$@"; }
    key -keystore ca.p12 -alias ca -dname 'CN=kafka-iam-otel local test CA' \
      -ext bc:critical=ca:true,pathlen:0 -ext ku:critical=keyCertSign,cRLSign
    key -keystore broker.p12 -alias broker -dname 'CN=kafka-iam-otel local test broker'
    keytool -exportcert -rfc -keystore ca.p12 -storepass "$password" -alias ca -file ca.pem
    keytool -certreq -keystore broker.p12 -storepass "$password" -alias broker -file broker.csr
    keytool -gencert -rfc -keystore ca.p12 -storepass "$password" -alias ca -infile broker.csr -outfile broker.pem \
      -validity 365 -ext san=dns:localhost,dns:kafka,ip:127.0.0.1 -ext eku=serverAuth
    keytool -importcert -noprompt -keystore broker.p12 -storepass "$password" -alias ca -file ca.pem
    keytool -importcert -noprompt -keystore broker.p12 -storepass "$password" -alias broker -file broker.pem
  ) >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
  # Readable for the broker's user. The CA's key is dropped here: nothing more is ever signed with it.
  install -m 0644 "$work/broker.p12" "$work/ca.pem" /tls/
  echo $(($(date +%s) + 335 * day)) >/tls/renew-after
  rm -rf "$work"
}

if usable; then echo 'certificate: kept'; else make_certificates && echo 'certificate: made'; fi

# Always a fresh copy, so that what a client trusts is what the broker shows. By rename: never half a file.
install -m 0644 /tls/ca.pem /state/certs/.ca.pem.new
mv -f /state/certs/.ca.pem.new /state/certs/ca.pem
