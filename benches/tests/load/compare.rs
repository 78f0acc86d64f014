//! A comparison of the floor with itself.

use std::fs;
use std::process::Command;

use tempfile::NamedTempFile;

// Its loads are asked for at half of what was measured a moment before: the machine must be idle.
#[ignore = "wants the machine for itself; .ci/long runs it"]
#[test]
fn a_comparison_would_leave_a_server_or_a_load_out() {
    let json = NamedTempFile::new().unwrap();
    let cacheperf = env!("CARGO_BIN_EXE_cacheperf");
    let server = |name| format!("{name}={cacheperf} floor --listen 127.0.0.1:{{port}}");
    let output = Command::new(cacheperf)
        .args(["compare", "-s", &server("one"), "-s", &server("two")])
        .args([
            "--reference",
            "two",
            "--rounds",
            "3",
            "--phase",
            "run,churn",
        ])
        .args(["-k", "100", "-c", "4", "-T", "100ms", "--warm-up", "10ms"])
        .arg("--json")
        .arg(json.path())
        .output()
        .unwrap();
    let (table, log) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{log}");
    let rows: Vec<_> = table
        .lines()
        .filter(|l| l.starts_with('|'))
        .skip(2)
        .collect();
    assert_eq!(rows.len(), 4, "{table}");
    for (row, server) in rows.iter().zip(["one", "two", "one", "two"]) {
        assert!(row.contains(&format!("| {server} |")), "{row}");
        assert_eq!(row.contains('±'), server == "two", "{row}");
    }

    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(json.path()).unwrap()).unwrap();
    assert_eq!(json["reference"], "two");
    for case in json["cases"].as_array().unwrap() {
        for server in case["servers"].as_array().unwrap() {
            assert_eq!(server["rate_max"]["rounds"].as_array().unwrap().len(), 3);
            assert!(
                server["paced"]["cpu_ns"]["median"].as_f64().unwrap() > 0.0,
                "{server}"
            );
            // Both were asked for the same, and kept it.
            let (rate, kept) = (&case["rate"], &server["paced"]["rate_kept"]["median"]);
            let kept = kept.as_f64().unwrap() / rate.as_f64().unwrap();
            assert!((0.5..1.5).contains(&kept), "{server}");
        }
    }
}

#[test]
fn a_comparison_that_makes_no_sense_would_be_begun() {
    let refused = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
            .arg("compare")
            .args(flags)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (status, said) = refused(&["-s", "floor", "-s", "floor"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("twice"), "{said}");
    let (status, said) = refused(&["-s", "floor", "--reference", "redis"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("redis is none of floor"), "{said}");
    let (status, said) = refused(&["-s", "floor", "--phase", "fill"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("--phase"), "{said}");
    let (status, said) = refused(&["-s", "floor", "--value-size", "64:9,1KiB:1"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("values of one size"), "{said}");
    let (status, said) = refused(&["-s", "floor", "--rate", "5", "--part", "0.5"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn an_error_would_lose_what_was_measured_before() {
    let json = NamedTempFile::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
        .args(["compare", "-s", "floor", "-s", "bad=/does/not/exist {port}"])
        .arg("--json")
        .arg(json.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| failed: bad: cannot start"), "{table}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(json.path()).unwrap()).unwrap();
    let case = &json["cases"][0];
    assert!(case["failed"].as_str().unwrap().contains("/does/not/exist"));
    assert!(case["rate"].is_null(), "{case}");
}
