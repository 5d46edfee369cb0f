//! A checkpoint, its keys, and what a witness is asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedetta_fuzz::domain::audit::checkpoint::{Checkpoint, verify};
use vedetta_fuzz::domain::audit::cosignature::WitnessKey;
use vedetta_fuzz::domain::audit::note::{SignerKey, VerifierKey};
use vedetta_fuzz::domain::audit::witness::Ask;

fuzz_target!(|text: &str| {
    let Ok(signer) = SignerKey::new("vedetta/020001/borgo", &[1; 32]) else { return };
    assert!(verify(text, &signer.verifier()).is_err(), "nobody signed this");
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert!(text.starts_with(&checkpoint.text()));
    }
    if let Ok(ask) = Ask::parse(text) {
        assert_eq!(ask.encode(), text);
    }
    let _ = text.parse::<VerifierKey>();
    let _ = text.parse::<WitnessKey>();
});
