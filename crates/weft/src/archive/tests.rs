use std::fs::{self, File};

use tempfile::TempDir;
use weft_blobs::{LocalBlobs, Options};
use weft_store::{Copied, RESTORING};
use weft_workflow_engine::port::blobs::Blobs;

use super::*;

/// More files than one text of digests is about.
const MANY: usize = AT_ONCE + 3;

/// Paths and contents.
type Files = Vec<(String, Vec<u8>)>;

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut packer = Packer::begin(Vec::new()).unwrap();
    for (path, bytes) in files {
        packer.bytes(path, bytes).unwrap();
    }
    packer.end().unwrap()
}

fn small() -> Vec<u8> {
    let long = format!("blobs/data/ab/{}.{}", "ab".repeat(32), "p".repeat(63));
    packed(&[
        ("weft.db".to_owned(), b"registry".to_vec()),
        ("artifacts/wasm/ab.wasm".to_owned(), vec![7; 700]),
        (long, Vec::new()),
    ])
}

fn many() -> Files {
    let file = |number: usize| (format!("blobs/data/00/{number}"), number.to_string().into_bytes());
    (0..MANY).map(file).collect()
}

/// Reads an archive; answers its contents and files.
fn found(archive: &[u8]) -> Result<(Contents, Files), Problem> {
    let mut files = Vec::new();
    let contents = read(archive, |path, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(Problem::Unread)?;
        files.push((path.to_owned(), bytes));
        Ok(())
    })?;
    Ok((contents, files))
}

#[test]
fn what_was_packed_is_found_however_much_it_is() {
    let (contents, files) = found(&packed(&many())).unwrap();
    assert_eq!(files, many());
    let expected = Contents {
        weft: env!("CARGO_PKG_VERSION").to_owned(),
        files: MANY as u64,
        bytes: many().iter().map(|(_, bytes)| bytes.len() as u64).sum(),
        damaged: Vec::new(),
        more_damaged: 0,
    };
    assert_eq!(contents, expected);
    found(&packed(&[])).unwrap();
}

#[test]
fn an_archive_is_refused_wherever_it_is_cut() {
    let archive = small();
    for end in 0..archive.len() {
        match found(&archive[..end]).unwrap_err() {
            // Without a head it cannot be told from any other file.
            Problem::Foreign(_) if end < 512 => {}
            Problem::Torn { bytes, .. } => assert_eq!(bytes, end as u64),
            other => panic!("cut at {end}: {other}"),
        }
    }
}

#[test]
fn an_archive_is_refused_wherever_it_is_altered() {
    let archive = small();
    for at in 0..archive.len() {
        let mut altered = archive.clone();
        altered[at] ^= 1;
        assert!(found(&altered).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let archive = packed(&many());
    let place = |text: &[u8]| {
        archive
            .windows(text.len())
            .position(|bytes| bytes == text)
            .unwrap()
    };
    let with = |at: usize, byte: u8| {
        let mut altered = archive.clone();
        altered[at] = byte;
        altered
    };
    let content = place(b"blobs/data/00/1023\0") + 512;
    let digests = place(b"digests/2.json\0");
    let between = place(b"blobs/data/00/5\0") + 512 + 100;
    let mut longer = archive.clone();
    longer.push(0);
    for (archive, expected) in [
        (
            with(content, b'x'),
            "`blobs/data/00/1023` does not match its digest",
        ),
        (
            packed(&[("secrets.key".to_owned(), Vec::new())]),
            "`secrets.key` does not belong there",
        ),
        (with(between, b'x'), "something between its files does not match"),
        (with(archive.len() - 1, 1), "something follows its end"),
        (longer, "something follows its end"),
        (
            archive[..digests + 512 + 3].to_vec(),
            "in `digests/2.json` or behind it",
        ),
        (b"no archive".to_vec(), "is no archive of `weft backup`"),
        (Vec::new(), "is empty"),
    ] {
        let problem = found(&archive).unwrap_err().to_string();
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}

#[test]
fn a_header_that_is_none_is_told_with_its_place() {
    let mut archive = small();
    let header = archive.windows(7).position(|bytes| bytes == b"weft.db").unwrap();
    archive[header] = b'W';
    let problem = found(&archive).unwrap_err().to_string();
    assert!(problem.contains("about byte 1536, in `format.json`"), "{problem}");
}

#[test]
fn files_without_digests_are_refused() {
    let mut packer = Packer::begin(Vec::new()).unwrap();
    packer.bytes("weft.db", b"registry").unwrap();
    packer.forget_digests();
    let problem = found(&packer.end().unwrap()).unwrap_err().to_string();
    assert!(problem.contains("`weft.db` has no digest"), "{problem}");
}

#[test]
fn a_newer_format_is_told() {
    let mut archive = tar::Builder::new(Vec::new());
    let head = br#"{"format": 2, "weft": "9.0.0", "what": "unknown"}"#;
    let mut header = tar::Header::new_gnu();
    header.set_size(head.len() as u64);
    archive.append_data(&mut header, HEAD, &head[..]).unwrap();
    let refused = found(&archive.into_inner().unwrap()).unwrap_err().to_string();
    assert!(
        refused.contains("format 2") && refused.contains("9.0.0"),
        "{refused}"
    );
}

#[test]
fn what_a_disk_had_altered_before_is_named() {
    let name = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let blob = |bytes: &[u8]| format!("blobs/data/ab/{}", name(bytes));
    let code = |bytes: &[u8]| format!("artifacts/wasm/{}.wasm", name(bytes));
    let archive = packed(&[
        (blob(b"whole"), b"whole".to_vec()),
        (blob(b"blob"), b"bl0b".to_vec()),
        (format!("{}.shop", blob(b"blob")), b"4".to_vec()),
        (code(b"whole"), b"whole".to_vec()),
        (code(b"code"), b"c0de".to_vec()),
    ]);
    assert_eq!(found(&archive).unwrap().0.damaged, [blob(b"blob"), code(b"code")]);
}

#[test]
fn what_is_restored_is_there_whole_or_not_at_all() {
    let place = TempDir::new().unwrap();
    let archive = small();
    let new = place.path().join("some/where");
    restore(&archive[..archive.len() - 1], &new).unwrap_err();
    assert!(!place.path().join("some").exists());

    restore(&*archive, &new).unwrap();
    assert_eq!(fs::read(new.join("weft.db")).unwrap(), b"registry");
    assert_eq!(fs::read(new.join("artifacts/wasm/ab.wasm")).unwrap(), [7; 700]);
    assert!(!new.join(RESTORING).exists() && !new.join(HEAD).exists());

    // A directory that is there stays, whatever becomes of the archive.
    let there = place.path().join("there");
    fs::create_dir(&there).unwrap();
    restore(&archive[..600], &there).unwrap_err();
    assert_eq!(fs::read_dir(&there).unwrap().count(), 0);
    restore(&*archive, &there).unwrap();
    let refused = restore(&*archive, &there).unwrap_err();
    assert!(matches!(refused, Problem::Occupied { .. }), "{refused}");
    let refused = restore(&*archive, &there.join("weft.db")).unwrap_err();
    assert!(matches!(refused, Problem::Io(..)), "{refused}");
}

#[test]
fn a_file_that_is_in_it_twice_is_refused() {
    let twice = ("weft.db".to_owned(), b"registry".to_vec());
    let place = TempDir::new().unwrap();
    let refused = restore(&*packed(&[twice.clone(), twice]), place.path()).unwrap_err();
    assert!(
        refused.to_string().contains("`weft.db` is in it twice"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_is_kept_is_archived_and_what_is_derived_is_not() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let blobs = LocalBlobs::open(data.join("blobs"), Options::default())
        .await
        .unwrap();
    let digest = blobs
        .put(&"default".parse().unwrap(), "a blob".into())
        .await
        .unwrap();
    for (path, text) in [
        ("copies/weft.db", "registry"),
        ("data/artifacts/wasm/ab.wasm", "code"),
        ("data/artifacts/wasm/cd.wasm", "of no version"),
        ("data/artifacts/compiled/ab", "left out"),
        ("data/blobs/tmp/1", "left out"),
        ("data/secrets.key", "left out"),
        ("data/runtime-pools/small.toml", "profile"),
        ("data/runtime-pools/note.txt", "left out"),
    ] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let source = |code: &str| Source {
        data: data.clone(),
        copies: directory.path().join("copies"),
        copied: Copied {
            databases: &["weft.db"],
            code: vec![data.join("artifacts/wasm").join(code)],
        },
        blobs: blobs.clone(),
        profiles: data.join("runtime-pools"),
    };
    let archive = source("ab.wasm").pack(Vec::new()).unwrap();
    let hex = digest.hex();
    let blob = format!("blobs/data/{}/{hex}", &hex[..2]);
    let expected = [
        ("weft.db".to_owned(), "registry"),
        ("artifacts/wasm/ab.wasm".to_owned(), "code"),
        (blob.clone(), "a blob"),
        (format!("{blob}.default"), "6"),
        ("runtime-pools/small.toml".to_owned(), "profile"),
    ]
    .map(|(path, text)| (path, text.as_bytes().to_vec()));
    assert_eq!(found(&archive).unwrap().1, expected);
    assert!(!directory.path().join("copies/weft.db").exists());

    File::create(directory.path().join("copies/weft.db")).unwrap();
    let refused = source("ef.wasm").pack(Vec::new()).unwrap_err();
    assert!(format!("{refused:#}").contains("ef.wasm"), "{refused:#}");
}

#[test]
fn no_path_leads_elsewhere() {
    for (path, expected) in [
        ("weft.db", true),
        ("blobs/data/ab/abcd", true),
        ("artifacts/wasm/ab.wasm", true),
        ("blobs", false),
        ("runtime-pools/small.toml", true),
        ("runtime-pools/small/x.toml", false),
        ("artifacts/compiled/v1/ab", false),
        ("artifacts/wasm/../compiled/v1/ab.wasm", false),
        ("blobs/blobs.lock", false),
        ("weft.db/x", false),
        ("weft.lock", false),
        ("secrets.key", false),
        ("restoring/x", false),
        ("../weft.db", false),
        ("blobs/../../x", false),
        ("/blobs/x", false),
        ("", false),
    ] {
        assert_eq!(is_fitting(path), expected, "{path}");
    }
}
