use super::{config, refusal};

#[test]
fn settings_of_tls_without_an_effect_are_refused() {
    let cert = ["--tls-cert", "/c.pem", "--tls-key", "/k.pem"];
    let listen = [&["--tls-listen", "127.0.0.1"], &cert[..]].concat();
    let admin = [&["--admin", "127.0.0.1", "--admin-tls"], &cert[..]].concat();
    let far = [
        &cert[..],
        &["--admin", "10.0.0.1", "--admin-tls", "--tls-ca", "/ca.pem"],
    ]
    .concat();
    for (args, more, wanted) in [
        (&cert[..], &[][..], "--tls-cert has no effect without"),
        (
            &[],
            &["--tls-min-version", "1.3"],
            "--tls-min-version has no",
        ),
        (
            &admin,
            &["--tls-handshakes", "9"],
            "--tls-handshakes has no",
        ),
        (
            &listen,
            &["--admin-tls"],
            "--admin-tls has no effect without --admin",
        ),
        (&listen, &["--tls-ca", "/ca.pem"], "--tls-ca has no effect"),
        (
            &listen,
            &["--tls-allowed-names", "/n"],
            "--tls-allowed-names has no",
        ),
        (
            &listen,
            &["--tls-client-auth", "optional"],
            "--tls-client-auth needs --tls-ca",
        ),
        (
            &listen,
            &["--tls-min-version", "1.3", "--tls-ciphers", "HIGH"],
            "--tls-ciphers has no effect with --tls-min-version 1.3",
        ),
        (
            &listen,
            &["--tls-key", "/k2.pem"],
            "--tls-cert names 1 files and --tls-key 2",
        ),
        (
            &[],
            &["--tls-listen", "127.0.0.1"],
            "TLS needs a certificate",
        ),
        (
            &far,
            &["--tls-client-auth", "optional"],
            "--admin must be a loopback",
        ),
    ] {
        let refusal = refusal(&[args, more].concat());
        assert!(refusal.starts_with(wanted), "{refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
    config(&listen);
    config(&admin);
    let tls_alone = config(&[&["-l", ""], &listen[..]].concat());
    assert!(tls_alone.listen.is_empty() && tls_alone.has_tls());
    let address = config(&[&far[..], &["--tls-client-auth", "required"]].concat()).admin;
    assert_eq!(address.expect("an address").port(), 9999);
}

#[test]
fn check_config_says_what_is_wrong_with_a_certificate() {
    let args = [
        "--tls-cert",
        "/nowhere/c.pem",
        "--tls-key",
        "/nowhere/k.pem",
    ];
    let listen = ["--tls-listen", "127.0.0.1", "--check-config"];
    let refusal = refusal(&[&args[..], &listen].concat());
    assert!(refusal.contains("/nowhere/c.pem"), "{refusal}");
}
