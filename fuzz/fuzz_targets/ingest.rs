//! A batch as it comes from the network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedetta_fuzz::domain::audit::leaf::{Leaf, commitment};
use vedetta_fuzz::protocol::EventBatch;

fuzz_target!(|data: &[u8]| {
    let Ok(batch) = serde_json::from_slice::<EventBatch>(data) else { return };
    for event in batch.events {
        let Ok(leaf) = Leaf::parse(&event.leaf) else { continue };
        let mut salt = [0; 32];
        if hex::decode_to_slice(&event.salt, &mut salt).is_ok() {
            let _ = commitment(&salt, event.body.as_bytes()) == leaf.commit;
        }
    }
});
