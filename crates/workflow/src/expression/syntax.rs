//! What a condition is made of.

use super::Reference;

/// A part of a condition, or the whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    /// What it is.
    pub(crate) kind: TermKind,
    /// Where its operator or its first character stands, in bytes from the start of the text.
    pub(crate) at: usize,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TermKind {
    /// `true`, `false`
    Bool(bool),
    /// Digits.
    Whole(u64),
    /// Digits with a fraction or an exponent.
    Real(f64),
    /// A text in quotes.
    Text(Box<str>),
    /// `$node.field`
    Reference(Reference),
    /// `[a, b]`
    List(Vec<Term>),
    /// `!a`
    Not(Box<Term>),
    /// `-a`
    Negate(Box<Term>),
    /// `a && b`, `a || b`
    Junction(Junction, Box<[Term; 2]>),
    /// `a < b` and its like.
    Compare(Comparison, Box<[Term; 2]>),
    /// `a + b` and its like.
    Arithmetic(Arithmetic, Box<[Term; 2]>),
    /// `a in b`
    In(Box<[Term; 2]>),
    /// `a ? b : c`
    Choose(Box<[Term; 3]>),
    /// `has($node.field)`
    Has(Reference),
    /// `size(a)`, `a.startsWith(b)` and its like: as many arguments as [`Function::arguments`] says.
    Call(Function, Vec<Term>),
}

/// How two truths are joined. The second is looked at only where the first does not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Junction {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How two numbers make a third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; of whole numbers it drops the fraction
    Divide,
    /// `%`, of whole numbers only; it has the sign of the first
    Remainder,
}

/// A function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `size(a)` or `a.size()`: the characters of a string, the elements of a list.
    Size,
    /// `double(a)`: a whole number as a float.
    Double,
    /// `a.startsWith(b)`
    StartsWith,
    /// `a.endsWith(b)`
    EndsWith,
    /// `a.contains(b)`
    Contains,
}

impl Junction {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

impl Comparison {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Arithmetic {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Function {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Size,
        Self::Double,
        Self::StartsWith,
        Self::EndsWith,
        Self::Contains,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Double => "double",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
        }
    }

    /// How many values it takes, the one before the dot included.
    pub(crate) fn arguments(self) -> usize {
        match self {
            Self::Size | Self::Double => 1,
            Self::StartsWith | Self::EndsWith | Self::Contains => 2,
        }
    }

    /// How a call of it looks.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Size => "`size(a)`",
            Self::Double => "`double(a)`",
            Self::StartsWith => "`a.startsWith(b)`",
            Self::EndsWith => "`a.endsWith(b)`",
            Self::Contains => "`a.contains(b)`",
        }
    }
}
