//! Sets of layers.

use super::Layer;

/// Some of the layers, one bit each, in the order of [`Layer::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerSet(u32);

impl LayerSet {
    /// None.
    pub const NONE: Self = Self(0);

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Layer::ALL.into_iter().collect()
    }

    /// Adds one.
    pub fn insert(&mut self, layer: Layer) {
        self.0 |= bit(layer);
    }

    /// Whether it has one.
    #[must_use]
    pub fn contains(self, layer: Layer) -> bool {
        self.0 & bit(layer) != 0
    }

    /// Those that are not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| self.contains(*layer))
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As one number, to be sent.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// From what was sent; bits that stand for no layer are dropped.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & Self::all().0)
    }

    /// From names with commas between, the form that `Display` writes.
    ///
    /// # Errors
    /// The first name that is no layer's.
    pub fn parse(names: &str) -> Result<Self, String> {
        let names = names.split(',').filter(|name| !name.is_empty());
        names
            .map(|name| Layer::named(name).ok_or_else(|| name.to_owned()))
            .collect()
    }
}

fn bit(layer: Layer) -> u32 {
    1 << layer as u32
}

impl FromIterator<Layer> for LayerSet {
    fn from_iter<I: IntoIterator<Item = Layer>>(layers: I) -> Self {
        let mut set = Self::NONE;
        for layer in layers {
            set.insert(layer);
        }
        set
    }
}

impl std::fmt::Display for LayerSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.iter().map(Layer::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_and_read_back() {
        let some: LayerSet = [Layer::Seccomp, Layer::Limits].into_iter().collect();
        assert_eq!(some.to_string(), "limits,seccomp");
        assert_eq!(LayerSet::parse(&some.to_string()), Ok(some));
        assert_eq!(LayerSet::parse(""), Ok(LayerSet::NONE));
        assert_eq!(LayerSet::parse("limits,walls"), Err("walls".to_owned()));
        assert_eq!(LayerSet::from_bits(some.bits() | 1 << 31), some);
        assert_eq!(LayerSet::all().without(some).iter().count(), Layer::ALL.len() - 2);
    }
}
