//! The internal certificate authority, the server's certificate, and which workstation is at the other end.
//!
//! Invariant: a client certificate must be signed by the internal authority, be valid for `<station>.station.vedetta`,
//! and be the very one registered for that station; a certificate that was replaced is a stranger's.
//! Deliberately absent: what an unknown caller may still read (`http`).

use super::config::{DataDir, read_text, write_whole};
use super::error::ServerError;
use super::keys::{random, write_secret};
use crate::domain::camera::StationId;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use sha2::{Digest as _, Sha256};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Name of the authority in every certificate.
const AUTHORITY: &str = "Vedetta CA";
/// Days a workstation's certificate is good, and after how many it asks for the next.
const STATION_DAYS: i64 = 90;
const RENEW_AFTER_DAYS: i64 = 60;

fn key_error(error: impl std::fmt::Display) -> ServerError {
    ServerError::Key(error.to_string())
}

/// Description of the authority: the same each time it signs, so that its issuer name matches.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf(
    common_name: &str,
    names: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, ServerError> {
    let mut params = CertificateParams::new(names).map_err(key_error)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from_slice(&random::<16>()?));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Makes the authority and the server's certificate, for 127.0.0.1, localhost and these names or addresses.
///
/// # Errors
/// Files cannot be written, keys cannot be made, or a name is none.
pub fn create_authority(data: &DataDir, names: &[String]) -> Result<(), ServerError> {
    let ca_key = KeyPair::generate().map_err(key_error)?;
    let certificate = authority().self_signed(&ca_key).map_err(key_error)?;
    write_secret(&data.ca_key(), &ca_key.serialize_pem())?;
    write_whole(&data.ca_cert(), certificate.pem().as_bytes(), 0o644)?;

    let key = KeyPair::generate().map_err(key_error)?;
    let mut params = leaf(
        "vedetta-audit",
        vec!["localhost".into()],
        ExtendedKeyUsagePurpose::ServerAuth,
    )?;
    params
        .subject_alt_names
        .push(rcgen::SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => rcgen::SanType::IpAddress(address),
            Err(_) => rcgen::SanType::DnsName(name.as_str().try_into().map_err(key_error)?),
        });
    }
    let signed = params
        .signed_by(&key, &Issuer::new(authority(), ca_key))
        .map_err(key_error)?;
    write_secret(&data.server_key(), &key.serialize_pem())?;
    write_whole(&data.server_cert(), signed.pem().as_bytes(), 0o644)
}

/// The public part of a key a workstation made: ECDSA P-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationKey(Vec<u8>);

impl StationKey {
    /// From an uncompressed point in hex; `None`: it is none.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        (bytes.len() == 65 && bytes.first() == Some(&4)).then_some(Self(bytes))
    }
}

impl PublicKeyData for StationKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// A workstation's new certificate.
pub struct StationCertificate {
    pub cert_pem: String,
    /// SHA-256 of the certificate: what the registry keeps.
    pub fingerprint: [u8; 32],
    /// When the workstation asks for the next one, Unix ms.
    pub renew_after_ms: i64,
    /// Until when it is good, Unix ms; `None`: as long as the authority.
    pub until_ms: Option<i64>,
}

/// How long a client certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// [`STATION_DAYS`]; the workstation renews it.
    Renewed,
    /// As long as the authority: for the console, which lies beside the authority's key.
    AsTheAuthority,
}

/// Issues a client certificate for a workstation's key.
///
/// # Errors
/// The authority's key cannot be read, or the station's name does not fit a certificate (63 characters at most).
pub fn certify_station(
    data: &DataDir,
    station: &StationId,
    key: &impl PublicKeyData,
    validity: Validity,
) -> Result<StationCertificate, ServerError> {
    let ca_key = KeyPair::from_pem(&read_text(&data.ca_key())?).map_err(key_error)?;
    let name = dns_name(station);
    ServerName::try_from(name.clone()).map_err(key_error)?;
    let mut params = leaf(station.as_str(), vec![name], ExtendedKeyUsagePurpose::ClientAuth)?;
    let now = Timestamp::now();
    let mut until_ms = None;
    if validity == Validity::Renewed {
        let day = |days: i64| {
            let date = now.to_zoned(TimeZone::UTC).date().saturating_add(days.days());
            let part = |number: i8| u8::try_from(number).unwrap_or(1);
            date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
        };
        // A workstation's clock may be a little behind.
        (params.not_before, params.not_after) = (day(-1), day(STATION_DAYS));
        until_ms = Some(params.not_after.unix_timestamp().saturating_mul(1000));
    }
    let signed = params
        .signed_by(key, &Issuer::new(authority(), ca_key))
        .map_err(key_error)?;
    Ok(StationCertificate {
        cert_pem: signed.pem(),
        fingerprint: fingerprint(signed.der()),
        renew_after_ms: now.as_millisecond().saturating_add(RENEW_AFTER_DAYS * 24 * 3_600_000),
        until_ms,
    })
}

/// Makes a key and a certificate for it, for a workstation whose folder is carried to it.
///
/// # Errors
/// As [`certify_station`].
pub fn issue_station(
    data: &DataDir,
    station: &StationId,
    validity: Validity,
) -> Result<(StationCertificate, Zeroizing<String>), ServerError> {
    let key = KeyPair::generate().map_err(key_error)?;
    let certificate = certify_station(data, station, &key, validity)?;
    Ok((certificate, Zeroizing::new(key.serialize_pem())))
}

fn dns_name(station: &StationId) -> String {
    format!("{station}.station.vedetta")
}

/// SHA-256 of a certificate in DER.
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// Is the certificate made out to this station? (The signature of the authority was checked in the handshake.)
pub fn is_made_out_to(certificate: &[u8], station: &StationId) -> bool {
    let der = CertificateDer::from(certificate);
    let (Ok(parsed), Ok(name)) = (
        ParsedCertificate::try_from(&der),
        ServerName::try_from(dns_name(station)),
    ) else {
        return false;
    };
    rustls::client::verify_server_name(&parsed, &name).is_ok()
}

/// TLS of the server: asks for a client certificate of the internal authority, lets callers without one in.
/// A certificate of any other authority fails the handshake.
///
/// # Errors
/// Keys or certificates are missing or not valid.
pub fn server_config(data: &DataDir) -> Result<Arc<rustls::ServerConfig>, ServerError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let ca = read_text(&data.ca_cert())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(certificate.map_err(key_error)?).map_err(key_error)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .map_err(key_error)?;
    let chain = CertificateDer::pem_slice_iter(read_text(&data.server_cert())?.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(key_error)?;
    let key = PrivateKeyDer::from_pem_slice(read_text(&data.server_key())?.as_bytes()).map_err(key_error)?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(key_error)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(key_error)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_6_a_certificate_is_made_out_to_one_station() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        data.create().unwrap();
        create_authority(&data, &["vedetta.comune.example".into(), "10.0.0.7".into()]).unwrap();
        server_config(&data).unwrap();
        let (here, there): (StationId, StationId) = ("sala-operativa".parse().unwrap(), "altra".parse().unwrap());
        let (issued, _key) = issue_station(&data, &here, Validity::Renewed).unwrap();
        let der = CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).unwrap();
        assert_eq!(fingerprint(&der), issued.fingerprint);
        assert!(is_made_out_to(&der, &here));
        assert!(!is_made_out_to(&der, &there));
        assert!(!is_made_out_to(b"not a certificate", &here));
        assert!(issue_station(&data, &"a".repeat(64).parse().unwrap(), Validity::Renewed).is_err());
        let own = KeyPair::generate().unwrap();
        let own = StationKey::read(&hex::encode(own.public_key_raw())).unwrap();
        let certified = certify_station(&data, &here, &own, Validity::Renewed).unwrap();
        let der = CertificateDer::from_pem_slice(certified.cert_pem.as_bytes()).unwrap();
        assert!(is_made_out_to(&der, &here), "for a key made elsewhere");
        for wrong in ["", "04", "xx", &"02".repeat(65)] {
            assert_eq!(StationKey::read(wrong), None);
        }
    }
}
