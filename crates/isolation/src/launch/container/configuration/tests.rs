use super::*;

fn configuration(users: Users) -> Configuration {
    Configuration {
        root: "/run/weft/1-2/root".into(),
        group: "/weft-containers/1-2/3".into(),
        users,
        arguments: vec!["slots=8".to_owned()],
        allowance: Allowance {
            memory: 64 << 20,
            threads: 4,
            files: 64,
            cpu_millis: Some(1500),
        },
        threads: 64,
        bounds_swap: true,
    }
}

fn read(configuration: &Configuration) -> Value {
    serde_json::from_str(&configuration.to_json()).expect("JSON")
}

#[test]
fn a_container_has_its_own_namespaces_and_nothing_else() {
    let read = read(&configuration(Users::OfANamespace(1000)));
    assert_eq!(
        read["root"],
        json!({"path": "/run/weft/1-2/root", "readonly": true})
    );
    assert_eq!(read["process"]["args"], json!(["/weft-worker", "slots=8"]));
    assert_eq!(read["process"]["env"], json!(["PATH=/"]));
    assert_eq!(read["process"]["noNewPrivileges"], json!(true));
    let capabilities = read["process"]["capabilities"].as_object().expect("sets");
    assert!(capabilities.len() == 5 && capabilities.values().all(|set| *set == json!([])));
    let namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup", "user"];
    let expected: Value = namespaces.iter().map(|name| json!({"type": name})).collect();
    assert_eq!(read["linux"]["namespaces"], expected);
    let mounted: Vec<_> = read["mounts"]
        .as_array()
        .expect("mounts")
        .iter()
        .map(|mount| &mount["destination"])
        .collect();
    assert_eq!(mounted, ["/proc", "/dev"]);
    assert_eq!(read["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ERRNO");
}

#[test]
fn its_users_are_nobody_elses() {
    let contained = read(&configuration(Users::OfANamespace(1000)));
    let mappings = json!([{"containerID": 0, "hostID": 1000, "size": 2}]);
    assert_eq!(contained["process"]["user"], json!({"uid": 1, "gid": 1}));
    assert_eq!(contained["linux"]["uidMappings"], mappings);
    assert_eq!(contained["linux"]["gidMappings"], mappings);
    let of_the_host = read(&configuration(Users::OfTheHost(1000)));
    assert_eq!(of_the_host["process"]["user"], json!({"uid": 1000, "gid": 1000}));
    assert!(of_the_host["linux"].get("uidMappings").is_none());
    let namespaces = of_the_host["linux"]["namespaces"].to_string();
    assert!(!namespaces.contains("user"), "{namespaces}");
}

#[test]
fn what_it_may_use_up_is_bounded() {
    let resources = |configuration: &Configuration| read(configuration)["linux"]["resources"].clone();
    let bounded = configuration(Users::OfTheHost(1000));
    assert_eq!(read(&bounded)["linux"]["cgroupsPath"], "/weft-containers/1-2/3");
    let expected = json!({
        "devices": [{"allow": false, "access": "rwm"}],
        "memory": {"limit": 64 << 20, "swap": 64 << 20},
        "pids": {"limit": 64},
        "cpu": {"quota": 150_000, "period": 100_000},
    });
    assert_eq!(resources(&bounded), expected);
    let mut unbounded = bounded;
    unbounded.allowance.cpu_millis = None;
    unbounded.bounds_swap = false;
    let resources = resources(&unbounded);
    assert!(resources.get("cpu").is_none());
    assert_eq!(resources["memory"], json!({"limit": 64 << 20}));
}
