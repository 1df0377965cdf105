//! What is linked.

use std::process::Command;

#[test]
fn aws_lc_is_nowhere_in_the_dependency_tree() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let tree = |package: &str| {
        Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--offline",
                "--workspace",
                "--edges",
                "all",
                "--target",
                "all",
            ])
            .args(["--manifest-path", root, "--invert", package])
            .output()
            .expect("cargo")
    };
    // A package that is there is found: the question is asked rightly.
    let ring = tree("ring");
    assert!(ring.status.success(), "{}", String::from_utf8_lossy(&ring.stderr));
    assert!(String::from_utf8_lossy(&ring.stdout).contains("rustls"));
    for package in ["aws-lc-rs", "aws-lc-sys", "openssl-sys"] {
        let answer = tree(package);
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(
            !answer.status.success() && said.contains("did not match any packages"),
            "{package}: {said}"
        );
    }
}
