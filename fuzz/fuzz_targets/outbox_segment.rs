//! A segment of the outbox as it may be found on a disk.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedetta_fuzz::record::{RecordKey, decode, find_next};

fuzz_target!(|data: &[u8]| {
    let Some(key) = RecordKey::from_bytes(&[3; 32]) else { return };
    let mut at = 0;
    while let Some(next) = find_next(&key, data, at) {
        let Some(decoded) = decode(&key, data, next) else { return };
        assert!(decoded.end > next && decoded.end <= data.len());
        at = decoded.end;
    }
});
