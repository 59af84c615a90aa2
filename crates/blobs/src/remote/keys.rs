//! Where each object lies.

use object_store::path::Path;
use weft_types::{Digest, ProjectName};

/// What all bytes lie under.
pub(super) fn all_bytes() -> Path {
    Path::from("data")
}

pub(super) fn bytes(digest: Digest) -> Path {
    Path::from_iter(["data", &digest.hex()])
}

/// What the owners of a blob lie under.
pub(super) fn owners(digest: Digest) -> Path {
    Path::from_iter(["owners", &digest.hex()])
}

pub(super) fn owner(digest: Digest, project: &ProjectName) -> Path {
    owners(digest).join(project.as_str())
}

/// The last part of a key as a hash; none for what is not ours.
pub(super) fn digest(key: &Path) -> Option<Digest> {
    format!("blake3:{}", key.filename()?).parse().ok()
}

/// The last part of a key as a project; none for what is not ours.
pub(super) fn project(key: &Path) -> Option<ProjectName> {
    key.filename()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn keys_say_what_they_stand_for() {
        let blob = Digest::of(b"a blob");
        let shop: ProjectName = "shop-2".parse().unwrap();
        assert_eq!(bytes(blob).as_ref(), format!("data/{}", blob.hex()));
        assert_eq!(digest(&bytes(blob)), Some(blob));
        assert_eq!(
            owner(blob, &shop).as_ref(),
            format!("owners/{}/shop-2", blob.hex())
        );
        assert_eq!(project(&owner(blob, &shop)), Some(shop));
        assert_eq!(digest(&Path::from("data/README")), None);
    }
}
