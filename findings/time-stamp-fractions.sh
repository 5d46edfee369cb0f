#!/usr/bin/env bash
# RFC 3161 time stamps: with fractions of a second they cannot be read in Rust, and in PyPI's rfc3161-client they lose them.
#
# Versions: OpenSSL 3.0 of Debian 12 as the authority; crates x509-tsp 0.1.0, cms 0.2.3, der 0.7.10; PyPI rfc3161-client 1.0.9
#   and asn1crypto 1.5.1 as readers.
# Expected: RFC 3161 2.4.2 lets an authority write fractions ("20261129210527.067101Z"), unlike certificates. A library for
#   RFC 3161 reads them, and gives the time that was signed.
# Seen, tokens that "openssl ts -verify" calls good:
#     clock_precision_digits = 0       x509-tsp reads the TSTInfo
#     clock_precision_digits = 6       x509-tsp: malformed ASN.1 DER value for GeneralizedTime; the whole TSTInfo is lost,
#                                      with hash, policy and serial number. der has whole seconds only, in its type for it.
#                                      rfc3161-client: the fraction is cut off, no error; asn1crypto: the time as signed.
#     chain file with the signer in it OpenSSL writes the signer's certificate twice into the set; cms refuses the SignedData
#                                      (SetDuplicate) although the signature is good
# Why it matters: the authority is the other party's choice and may turn fractions on one day: evidence sealed yesterday opens,
#   today's does not. Two stamps within one second change their order, and "not before" is missed by up to 999 ms.
# What to do: in Rust read TSTInfo with an own type for genTime (text, Z, fraction without trailing zeros); take certificates
#   as a list and drop repeats; keep tokens with and without fractions as test data.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in openssl python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install rfc3161-client==1.0.9 asn1crypto==1.5.1

mkdir -p "$work/reader/src"
cat >"$work/reader/Cargo.toml" <<'TOML'
[package]
name = "reader"
version = "0.0.0"
edition = "2021"

[dependencies]
cms = "=0.2.3"
der = "=0.7.10"
x509-tsp = "=0.1.0"

[profile.dev]
debug = false
TOML
cat >"$work/reader/src/main.rs" <<'RUST'
use der::{asn1::OctetString, Decode, Encode};

fn read(response: &[u8]) -> der::Result<()> {
    let token = x509_tsp::TimeStampResp::from_der(response)?.time_stamp_token.expect("a token");
    let signed = cms::signed_data::SignedData::from_der(&token.content.to_der()?)?;
    let content = signed.encap_content_info.econtent.expect("a content").decode_as::<OctetString>()?;
    x509_tsp::TstInfo::from_der(content.as_bytes()).map(|_| ())
}

fn main() {
    let file = std::env::args().nth(1).expect("a file");
    match read(&std::fs::read(file).expect("the file")) {
        Ok(()) => println!("read"),
        Err(error) => println!("{:?}", error.kind()),
    }
}
RUST
cargo build -q --manifest-path "$work/reader/Cargo.toml" --target-dir "$work/target"

cd "$work"
cat >authority.cnf <<'CONF'
[req]
distinguished_name = name
prompt = no
x509_extensions = use
[name]
CN = Prova TSA
[use]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = stamp
[stamp]
serial = serial
signer_cert = authority.pem
signer_key = authority.key
signer_digest = sha256
digests = sha256
default_policy = 1.2.3.4.1
ess_cert_id_alg = sha256
CONF
openssl req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out authority.pem -config authority.cnf -days 2 2>log
echo verbale >data
openssl ts -query -data data -sha256 -cert -out query 2>log
echo 01 >serial

stamped() { # name, lines added to the authority's settings
  { cat authority.cnf; printf '%s\n' "${@:2}"; } >"$1.cnf"
  openssl ts -reply -config "$1.cnf" -queryfile query -out "$1.tsr" 2>log
  openssl ts -verify -data data -in "$1.tsr" -CAfile authority.pem >verified 2>&1 || { echo "openssl refuses its own $1" >&2; exit 1; }
}
changed=
expect() { # what, seen, expected
  echo "$1: $2"
  [ "$2" = "$3" ] || changed="$changed $1;"
}
stamped seconds "clock_precision_digits = 0"
stamped fraction "clock_precision_digits = 6"
stamped twice "clock_precision_digits = 0" "certs = authority.pem"
expect "x509-tsp, whole seconds" "$(target/debug/reader seconds.tsr)" read
expect "x509-tsp, fractions" "$(target/debug/reader fraction.tsr)" "Value { tag: Tag(0x18: GeneralizedTime) }"
expect "cms, signer's certificate twice" "$(target/debug/reader twice.tsr)" SetDuplicate
cat >read.py <<'PYTHON'
from asn1crypto import tsp
import rfc3161_client

data = open("fraction.tsr", "rb").read()
token = tsp.TimeStampResp.load(data)["time_stamp_token"]["content"]
signed = token["encap_content_info"]["content"].parsed["gen_time"].native
said = rfc3161_client.decode_timestamp_response(data).tst_info.gen_time
print("cut" if signed.microsecond and said == signed.replace(microsecond=0) else f"signed {signed}, said {said}")
PYTHON
expect "rfc3161-client, fractions" "$(venv/bin/python read.py)" cut
[ -z "$changed" ] || { echo "readers of RFC 3161 tokens have changed:$changed" >&2; exit 1; }
