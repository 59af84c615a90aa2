//! Values in memory and by address.

use std::sync::Arc;

use bytes::Bytes;
use weft_types::image::{Image, Invalid, RawBuilder};
use weft_types::ty::Shape;
use weft_types::value::{BlobAddress, Form};
use weft_types::{Address, Digest, ProjectName, RunId, Type, Value};

use crate::alarm::Broken;
use crate::engine::Inner;
use crate::port::blobs::BlobError;
use crate::recent::Recent;

/// How often the pause doubles before a value is stored again that found no space.
const DOUBLINGS: u32 = 5;

/// Values by address that are in memory as well, the most recently used ones.
pub(crate) struct Residents(Recent<Resident, Image>);

/// Keyed by project, too: an address is worth something only where it was stored.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Resident {
    project: ProjectName,
    digest: Digest,
    form: Form,
    ty: Digest,
}

/// A value on its way to the blob store.
pub(crate) struct Large {
    form: Form,
    bytes: Bytes,
    image: Image,
}

/// Why a value by address cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("blob {0} is {1}")]
    Invalid(Digest, Invalid),
    #[error("blob {0} holds plain bytes, and `{1}` is something else")]
    NotBytes(Digest, String),
}

/// Why a value could not be kept.
#[derive(Debug)]
pub(crate) enum NotKept {
    Blob(BlobError),
    Broken(Broken),
}

impl Large {
    /// How a value of type `ty` is stored: a `list<u8>`, even as the only field of a record, as its very bytes.
    pub(crate) fn new(image: Image, ty: &Type) -> Self {
        let raw = if is_raw(ty) { image.raw(ty) } else { None };
        let (form, bytes) = match raw {
            Some(bytes) => (Form::Raw, bytes),
            None => (Form::Image, image.as_bytes().clone()),
        };
        Self { form, bytes, image }
    }
}

/// Whether an address of plain bytes can be read as a `ty`.
pub(crate) fn is_raw(ty: &Type) -> bool {
    !matches!(ty.shape(), Shape::Result(_)) && RawBuilder::new(ty, 0).is_some()
}

/// The address of a blob that a definition names: by its hash alone, so the length is not known.
pub(crate) fn named_in_definition(digest: Digest, ty: &Type) -> Address {
    let form = if ty.is_bytes() { Form::Raw } else { Form::Image };
    Address::Blob(BlobAddress {
        digest,
        length: 0,
        form,
    })
}

impl Residents {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Recent::new(bytes))
    }

    /// The value at an address, if it is in memory.
    pub(crate) fn get(&self, project: &ProjectName, address: &BlobAddress, ty: &Type) -> Option<Image> {
        self.0.get(&Resident::new(project, address, ty.digest()))
    }

    fn insert(&self, project: &ProjectName, address: &BlobAddress, image: &Image) {
        let key = Resident::new(project, address, image.type_digest());
        self.0.insert(key, image.clone(), image.as_bytes().len());
    }
}

impl Resident {
    fn new(project: &ProjectName, address: &BlobAddress, ty: Digest) -> Self {
        Self {
            project: project.clone(),
            digest: address.digest,
            form: address.form,
            ty,
        }
    }
}

impl Inner {
    /// Whether a value is held by address.
    pub(crate) fn is_large(&self, image: &Image) -> bool {
        image.as_bytes().len() > self.config.inline_bytes
    }

    /// Stores a value of a run. While there is no space for it, waits: what was computed is not lost.
    pub(crate) async fn keep(
        self: Arc<Self>,
        (project, run): (ProjectName, RunId),
        large: Large,
    ) -> Result<Value, NotKept> {
        let mut tries = 0;
        loop {
            match self.try_to_keep(&project, &large).await {
                Ok(value) => return Ok(value),
                Err(BlobError::Full) => self
                    .until_space(run, &large, tries)
                    .await
                    .map_err(NotKept::Broken)?,
                Err(error) => return Err(NotKept::Blob(error)),
            }
            tries += 1;
        }
    }

    /// Stores a value, if there is space for it now.
    pub(crate) async fn try_to_keep(&self, project: &ProjectName, large: &Large) -> Result<Value, BlobError> {
        let Large { form, bytes, image } = large;
        let digest = self.ports.blobs.put(project, bytes.clone()).await?;
        let address = BlobAddress {
            digest,
            length: bytes.len() as u64,
            form: *form,
        };
        self.residents.insert(project, &address, image);
        Ok(Value::Address(Address::Blob(address)))
    }

    /// Waits before a value is stored that found no space at some tries before: with all others where nothing can be written, else by
    /// itself, as what is too large for the disk need not hold what is not.
    async fn until_space(self: &Arc<Self>, run: RunId, large: &Large, tries: u32) -> Result<(), Broken> {
        if let Some(why) = self.held() {
            self.hold(why, self.ports.journal.committed());
            return self.alarm.cleared().await;
        }
        if tries == 0 {
            let bytes = large.bytes.len();
            tracing::warn!(%run, bytes, "the disk has no space for a value of the run, which holds until it has");
        }
        let pause = self.config.retry_after.saturating_mul(1 << tries.min(DOUBLINGS));
        self.ports.clock.pause(pause).await;
        match self.alarm.broken() {
            Some(why) => Err(Broken(why.to_owned())),
            None => Ok(()),
        }
    }

    /// The plain bytes at an address, mapped where they are a local file.
    pub(crate) async fn bytes(
        &self,
        project: &ProjectName,
        address: &BlobAddress,
    ) -> Result<Bytes, BlobError> {
        self.ports.blobs.get(project, address).await
    }

    /// The value at an address, from memory or the blob store, after every rule of images was checked.
    pub(crate) async fn load(
        &self,
        project: &ProjectName,
        address: &Address,
        ty: &Type,
    ) -> Result<Image, Unavailable> {
        let Address::Blob(address) = address;
        if let Some(image) = self.residents.get(project, address, ty) {
            return Ok(image);
        }
        let bytes = self.ports.blobs.get(project, address).await?;
        let image = match address.form {
            // What a definition names was uploaded, under a larger bound.
            Form::Raw if bytes.len() > self.config.values.bytes => {
                return Err(BlobError::TooLarge(self.config.values.bytes as u64).into());
            }
            Form::Raw => Image::of_raw(ty, &bytes)
                .ok_or_else(|| Unavailable::NotBytes(address.digest, ty.to_string()))?,
            Form::Image => Image::from_bytes(bytes, ty, self.config.values)
                .map_err(|invalid| Unavailable::Invalid(address.digest, invalid))?,
        };
        self.residents.insert(project, address, &image);
        Ok(image)
    }
}
