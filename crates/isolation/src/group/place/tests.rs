use super::*;

const V1: &str = "\
30 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
31 23 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
32 23 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
33 23 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
const V1_OWN: &str = "5:pids:/\n4:memory:/a/b\n1:cpu,cpuacct:/c\n0::/\n";

#[test]
fn version_1_has_a_directory_for_each_controller() {
    let places = find(V1, V1_OWN).expect("places");
    let found: Vec<_> = places
        .iter()
        .map(|place| (place.controller, place.path.to_str().expect("text")))
        .collect();
    let expected = [
        (Controller::Pids, "/sys/fs/cgroup/pids/"),
        (Controller::Memory, "/sys/fs/cgroup/memory/a/b"),
        (Controller::Cpu, "/sys/fs/cgroup/cpu,cpuacct/c"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn version_2_has_one_directory() {
    let mounts = "25 30 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    let places = find(mounts, "0::/system.slice/weft.service\n").expect("a place");
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].controller, Controller::Unified);
    assert_eq!(
        places[0].path,
        Path::new("/sys/fs/cgroup/system.slice/weft.service")
    );
}

#[test]
fn a_part_that_is_mounted_alone_is_the_root_of_what_is_seen() {
    let mounts = "25 30 0:22 /outer /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let places = find(mounts, "0::/outer/inner\n").expect("a place");
    assert_eq!(places[0].path, Path::new("/sys/fs/cgroup/inner"));
}

#[test]
fn a_server_that_moved_down_finds_what_it_divided() {
    let mounts = "25 30 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let places = find(mounts, "0::/service/weft-server\n").expect("a place");
    assert_eq!(places[0].path, Path::new("/sys/fs/cgroup/service"));
}

#[test]
fn containers_have_groups_in_every_hierarchy_of_version_1() {
    let (places, path) = all(V1, V1_OWN).expect("places");
    assert_eq!(path, Path::new("/"));
    let found: Vec<_> = places
        .iter()
        .map(|place| (place.controller, place.path.to_str().expect("text")))
        .collect();
    let expected = [
        (Controller::Pids, "/sys/fs/cgroup/pids"),
        (Controller::Cpu, "/sys/fs/cgroup/cpu,cpuacct"),
        (Controller::Memory, "/sys/fs/cgroup/memory"),
        (Controller::Other, "/sys/fs/cgroup/unified"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn containers_have_groups_in_the_own_group_of_version_2() {
    let mounts = "25 30 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let (places, path) = all(mounts, "0::/service\n").expect("places");
    assert_eq!(path, Path::new("/service"));
    assert_eq!(places[0].path, Path::new("/sys/fs/cgroup/service"));
    assert_eq!(places[0].controller, Controller::Unified);
}

#[test]
fn a_host_without_is_told_what_is_missing() {
    let missing = |mounts, own| find(mounts, own).expect_err("nothing there").to_string();
    assert!(missing("", "0::/\n").starts_with("no control group for memory"));
    let only_memory = &V1[V1.find("31 ").expect("memory")..V1.find("32 ").expect("pids")];
    assert!(missing(only_memory, V1_OWN).starts_with("no control group for processes"));
}

#[test]
fn version_2_passes_controllers_on_where_it_does_not_yet() {
    let own = tempfile::tempdir().expect("a directory");
    let place = Place {
        controller: Controller::Unified,
        path: own.path().join("weft"),
    };
    let servers = place.within("1-2");
    let pool = servers.within("7");
    std::fs::create_dir_all(&pool.path).expect("directories");
    let control = |path: &Path| path.join("cgroup.subtree_control");
    for (path, present) in [
        (own.path(), "memory pids\n"),
        (&place.path, ""),
        (&servers.path, "cpu memory pids\n"),
        (&pool.path, "memory\n"),
    ] {
        std::fs::write(control(path), present).expect("a file");
    }
    divide(&pool).expect("divided");
    let written = |path: &Path| std::fs::read_to_string(control(path)).expect("a file");
    assert_eq!(written(own.path()), "+cpu");
    assert_eq!(written(&place.path), "+memory +pids +cpu");
    assert_eq!(written(&servers.path), "cpu memory pids\n");
    assert_eq!(written(&pool.path), "+pids +cpu");
}
