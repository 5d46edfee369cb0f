//! The officers' program, as it was built: test equipment is not in it (it is the checker's, `tests/check`).
//!
//! Deliberately absent: what the checker does; `benches/leak.sh` and `packaging/demo.sh` run it.

/// Words that stand in the checker as arguments, files it writes or names of its parts.
const EQUIPMENT: [&str; 10] = [
    "draw-masks-wrong",
    "draw_masks_wrong",
    "XTEST",
    "soak",
    "leak-run",
    "leaked_pixels",
    "sim-ready",
    "sim_ready",
    "input_injection",
    "screen_capture",
];

#[test]
fn r_prv_1_nothing_of_the_checker_is_in_the_officers_program() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_vedetta")).unwrap();
    let found: Vec<&str> = EQUIPMENT.into_iter().filter(|word| has(&program, word)).collect();
    assert!(found.is_empty(), "the officers' program has {found:?}");
    // A program whose words cannot be read would pass, too.
    assert!(has(&program, "sign-in"));
}

fn has(program: &[u8], word: &str) -> bool {
    program.windows(word.len()).any(|part| part == word.as_bytes())
}
