//! One declaration per setting: its flag, variable, key in the file, default and documentation.

/// Declares a section of the configuration: the resolved struct, and the layer of what was given, which is at once a
/// group of flags (with environment variables) and a table of the file.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub(crate) struct $name:ident, $layer:ident, $key:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $ty:ty, $variable:literal = $default:literal $(, #[$attribute:meta])?;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ pub(crate) $field: $ty,)+
        }

        #[doc = concat!("What was given of [`", stringify!($name), "`].")]
        #[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub(crate) struct $layer {
            $(
                $(#[doc = $doc])+
                ///
                #[doc = concat!("[default: ", $default, "]")]
                #[arg(long, env = $variable, value_name = "VALUE", hide_env_values = true)]
                $(#[$attribute])?
                pub(crate) $field: Option<$ty>,
            )+
        }

        impl $layer {
            /// Takes from `below` what is not given here.
            #[must_use]
            pub(crate) fn over(self, below: Self) -> Self {
                Self { $($field: self.$field.or(below.$field),)+ }
            }

            /// The settings, with defaults for what was not given.
            ///
            /// # Errors
            /// Where a default is not a value of its type, which a test excludes.
            pub(crate) fn resolve(self) -> anyhow::Result<$name> {
                Ok($name {
                    $($field: match self.$field {
                        Some(value) => value,
                        None => crate::config::file::default($default)?,
                    },)+
                })
            }
        }

        #[cfg(test)]
        impl $name {
            pub(crate) const SETTINGS: &'static [crate::config::Setting] = &[$(crate::config::Setting {
                key: concat!($key, ".", stringify!($field)),
                variable: $variable,
                default: $default,
                doc: concat!($($doc),+),
            },)+];
        }
    };
}

pub(super) use section;
