//! A leaf: accepted only in its one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedetta_fuzz::domain::audit::leaf::Leaf;

fuzz_target!(|text: &str| {
    if let Ok(leaf) = Leaf::parse(text) {
        assert_eq!(leaf.encode(), text);
    }
});
