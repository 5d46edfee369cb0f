#!/usr/bin/env bash
# Signed PDF: Poppler's pdfsig dates a document time stamp to 1 January 1970, and MuPDF says that it is not signed.
#
# Versions: poppler-utils 22.12.0 and mupdf-tools 1.21.1 of Debian 12; PyPI pyhanko 0.38.0 as writer and as the other reader.
# Expected: PAdES keeps papers valid for years with a document time stamp (SubFilter ETSI.RFC3161; ISO 32000-2 12.8.5, EN 319 142-1
#   5.4.3): its time stands in the token, and it needs no signing time besides. A signature's own time stamp is an unsigned
#   attribute. A reader shows these times, or that it does not know them.
# Seen: a paper that its signer dates by his own clock, stamped by the authority 15 days later twice, in the signature and over
#   the document; exit status 0 everywhere:
#                   signature                          document time stamp
#     pyhanko       signer's clock; stamped day 15     stamped day 15, intact, valid
#     pdfsig        signer's clock, no stamp shown     "Signing Time: Jan 01 1970", type unknown, not verified
#     mutool sign   unchanged; edits since signing     "Signature is not signed."
#   1970 is what pdfsig has for "no time"; that it cannot validate the type stands on standard error only. And because of the stamp
#   it says of the signature "Not total document signed".
# Why it matters: the tools that an expert has at hand say of the paper whose time is proved that it was signed in 1970,
#   that a signature is missing and that there was a change afterwards; without the stamp all is well.
# What to do: say on the receipt how the time is checked (pyhanko); in a reader of one's own take times from the
#   tokens, and "unknown" for none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in mupdf-tools openssl poppler-utils python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pyhanko==0.38.0

cd "$work"
certificate() { # name, common name, further extensions
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 365 -subj "/CN=$2" "${@:3}" 2>log
}
certificate signer "Prova Firma" -addext keyUsage=critical,digitalSignature,nonRepudiation
certificate authority "Prova TSA" -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=critical,timeStamping

cat >sign.py <<'PYTHON'
import io
from datetime import datetime, timedelta, timezone
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

# The certificates are of today, so the stamp is of a day after; the texts below do not depend on which.
STAMPED = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=15)


def empty():
    writer, out = PdfFileWriter(stream_xrefs=False), io.BytesIO()
    writer.insert_page(PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")), media_box=(0, 0, 200, 200)))
    writer.write(out)
    return out


authority = timestamps.DummyTimeStamper(
    load_cert_from_pemder("authority.pem"), load_private_key_from_pemder("authority.key", None), fixed_dt=STAMPED)
signed = signers.sign_pdf(
    IncrementalPdfFileWriter(empty()),
    signers.PdfSignatureMetadata(field_name="Firma", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES),
    signer=signers.SimpleSigner.load("signer.key", "signer.pem"), timestamper=authority)
open("signed.pdf", "wb").write(signed.getbuffer())
stamped = signers.PdfTimeStamper(authority).timestamp_pdf(IncrementalPdfFileWriter(signed), md_algorithm="sha256")
open("stamped.pdf", "wb").write(stamped.getbuffer())

trust = ValidationContext(trust_roots=[load_cert_from_pemder(f"{name}.pem") for name in ("signer", "authority")])
reader = PdfFileReader(stamped)
(own,), (over,) = reader.embedded_regular_signatures, reader.embedded_timestamp_signatures
status, stamp = validate_pdf_signature(own, trust), validate_pdf_timestamp(over, trust)
print("pyhanko: signature", status.intact and status.valid, "stamped", status.timestamp_validity.timestamp == STAMPED)
print("pyhanko: document time stamp", stamp.intact and stamp.valid, "stamped", stamp.timestamp == STAMPED)
PYTHON
seen=$(
  venv/bin/python sign.py 2>log
  for file in signed stamped; do
    TZ=UTC LC_ALL=C pdfsig -nocert $file.pdf >pdfsig 2>log
    sed "s/^/pdfsig $file, beside it: /" log
    for wanted in 'Signing Time: Jan 01 1970' 'Signing Time: ' 'Signature Type: unknown' 'Total document signed' \
      'Not total document signed' 'Signature is Valid' 'has not yet been verified'; do
      echo "pdfsig $file: $(grep -c "$wanted" pdfsig) $wanted"
    done
    mutool sign -v $file.pdf >mutool
    sed -n "/certificate\|Certificate\|name/d; s/^\t*/mutool $file: /p" mutool | grep -v Verifying
  done
)
expected="pyhanko: signature True stamped True
pyhanko: document time stamp True stamped True
pdfsig signed: 0 Signing Time: Jan 01 1970
pdfsig signed: 1 Signing Time: 
pdfsig signed: 0 Signature Type: unknown
pdfsig signed: 1 Total document signed
pdfsig signed: 0 Not total document signed
pdfsig signed: 1 Signature is Valid
pdfsig signed: 0 has not yet been verified
mutool signed: The document is unchanged since signing.
pdfsig stamped, beside it: Unimplemented Feature (0): Unable to validate this type of signature
pdfsig stamped: 1 Signing Time: Jan 01 1970
pdfsig stamped: 2 Signing Time: 
pdfsig stamped: 1 Signature Type: unknown
pdfsig stamped: 1 Total document signed
pdfsig stamped: 1 Not total document signed
pdfsig stamped: 1 Signature is Valid
pdfsig stamped: 1 has not yet been verified
mutool stamped: The signature is valid but there have been edits since signing.
mutool stamped: Signature is not signed."
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what readers say of a document time stamp has changed" >&2; exit 1; }
