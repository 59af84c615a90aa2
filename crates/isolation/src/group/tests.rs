//! Groups played by files: of version 2, which a host that bounds by version 1 does not have.

use super::place::Controller;
use super::*;

const BOUNDS: Bounds = Bounds {
    memory: 64 << 20,
    threads: 4,
    cpu_millis: Some(500),
};

/// A server's groups in a directory that passes on all controllers down to those of one pool.
fn groups(own: &Path) -> Groups {
    let place = Place {
        controller: Controller::Unified,
        path: own.join(WEFT),
    };
    let pool = place.within("1-2").within("7");
    std::fs::create_dir_all(&pool.path).expect("directories");
    for path in pool.path.ancestors().take(4) {
        std::fs::write(path.join("cgroup.subtree_control"), "cpu memory pids\n").expect("a file");
    }
    Groups {
        places: vec![place],
        server: "1-2".to_owned(),
        pools: Pools::default(),
        memory: None,
    }
}

#[test]
fn version_2_has_a_group_for_each_worker_in_that_of_its_pool() {
    let own = tempfile::tempdir().expect("a directory");
    let group = groups(own.path()).create("7", "3", BOUNDS).expect("a group");
    group.entrance().enter().expect("entered");
    let expected = own.path().join("weft/1-2/7/3");
    assert_eq!(group.paths().collect::<Vec<_>>(), [&expected]);
    let read = |name: &str| std::fs::read_to_string(expected.join(name)).expect(name);
    let files = ["memory.max", "pids.max", "cpu.max", "cgroup.procs"].map(read);
    assert_eq!(files, ["67108864", "4", "50000 100000", "0"]);
    let weight = std::fs::read_to_string(own.path().join("weft/cpu.weight"));
    assert_eq!(weight.expect("that of all workers"), "12");
}

#[test]
fn version_2_bounds_all_groups_of_a_server_together() {
    let own = tempfile::tempdir().expect("a directory");
    let of_all = || std::fs::read_to_string(own.path().join("weft/1-2/memory.max")).ok();
    let group = |groups: Groups, name| drop(groups.create("7", name, BOUNDS).expect("a group"));
    group(groups(own.path()).bounded(u64::MAX), "3");
    assert_eq!(of_all(), None);
    // The group of the pool went with its last worker, as it seems: files stay here.
    group(groups(own.path()).bounded(96 << 20), "4");
    assert_eq!(of_all().as_deref(), Some("100663296"));
}

#[test]
fn a_sweep_leaves_groups_of_living_servers_and_of_nobodys() {
    let own = tempfile::tempdir().expect("a directory");
    // One that nothing is written to: files are not the kernel's here, which go with their directory.
    let weft = Place {
        controller: Controller::Memory,
        path: own.path().join(WEFT),
    };
    let make = |server: &str| {
        let worker = weft.within(server).within("7").within("3").path;
        std::fs::create_dir_all(&worker).expect("directories");
        worker
    };
    let (living, nobodys) = (make(&this_server().expect("a name")), make("somebody"));
    let dead = make("4294967295-1");
    let swept = sweep(&[weft]).expect("a sweep");
    assert_eq!(
        swept,
        Swept {
            groups: 2,
            processes: 0
        }
    );
    assert!(!dead.exists() && living.exists() && nobodys.exists());
}
