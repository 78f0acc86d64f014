//! The streams that the fuzzer found worth keeping.

use std::path::Path;

use crate::outcome::is_the_same_however_it_is_cut;

#[test]
fn a_stream_once_mistaken_is_not_mistaken_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/session");
    let mut seen = 0;
    for seed in folder.read_dir().expect("a folder of seeds") {
        let seed = seed.expect("a seed").path();
        // A failure is to name the seed.
        println!("{}", seed.display());
        is_the_same_however_it_is_cut(&std::fs::read(seed).expect("the bytes of a seed"));
        seen += 1;
    }
    assert!(seen > 0, "no seeds");
}
