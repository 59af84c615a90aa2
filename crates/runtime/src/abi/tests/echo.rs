//! Components, made from a type, that keep a value of it.

use std::fmt::Write;

use weft_types::Type;
use weft_types::ty::Shape;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldId, WorldItem};

/// So many numbers behind the value let the parameters pass through memory, whatever the value's type.
pub(super) const PAD: usize = 17;

/// All parameters lie in memory in one record that begins with the value: keeping its address keeps the value.
const MODULE: &str = r#"
(module
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (global $kept (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (loop $more
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
          (br $more))))
    (local.get $at))
  (func (export "keep") (param i32) (global.set $kept (local.get 0)))
  (func (export "give") (result i32) (global.get $kept))
"#;

/// A component with
/// - `keep: func(value: tuple<ty, u32>, pad: …)` and `give: func() -> tuple<ty, u32>`: the number makes any result large
///   enough to be passed through memory;
/// - `spread: func(value: ty) -> list<u64>` where a `ty` is passed flat and holds no pointers: the core values it gets.
pub(super) fn component(ty: &Type) -> Vec<u8> {
    let mut world = World::default();
    let text = world.type_text(ty);
    let pad = vec!["u64"; PAD].join(", ");
    let spread = if spreads(ty) {
        format!("export spread: func(value: {text}) -> list<u64>;")
    } else {
        String::new()
    };
    let wit = format!(
        "package test:echo;\nworld echo {{\n{}export keep: func(value: tuple<{text}, u32>, pad: tuple<{pad}>);\n\
         export give: func() -> tuple<{text}, u32>;\n{spread}\n}}\n",
        world.definitions,
    );
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("echo.wit", &wit)
        .unwrap_or_else(|error| panic!("{error:#}\n{wit}"));
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(format!("{MODULE}{})", spread_function(&resolve, world))).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap();
    encoder
        .encode()
        .unwrap_or_else(|error| panic!("{error:#}\n{wit}"))
}

/// Whether [`component`] has a `spread`.
pub(super) fn spreads(ty: &Type) -> bool {
    let layout = ty.layout();
    layout.flat <= 16 && !layout.pointers
}

/// Stores each parameter as 64 bits behind a list's pointer and length.
fn spread_function(resolve: &Resolve, world: WorldId) -> String {
    let mut exports = resolve.worlds[world].exports.values();
    let Some(spread) = exports.find_map(|item| match item {
        WorldItem::Function(function) if function.name == "spread" => Some(function),
        _ => None,
    }) else {
        return String::new();
    };
    let params = resolve.wasm_signature(AbiVariant::GuestExport, spread).params;
    let (mut types, mut stores) = (String::new(), String::new());
    for (index, param) in params.iter().enumerate() {
        let (ty, bits) = match param {
            WasmType::I64 => ("i64", ""),
            WasmType::F32 => ("f32", "i64.extend_i32_u i32.reinterpret_f32"),
            WasmType::F64 => ("f64", "i64.reinterpret_f64"),
            _ => ("i32", "i64.extend_i32_u"),
        };
        let operators: Vec<_> = bits.split_whitespace().collect();
        let open: String = operators.iter().map(|operator| format!("({operator} ")).collect();
        let close = ")".repeat(operators.len());
        write!(types, " {ty}").unwrap();
        let at = 8 + 8 * index;
        writeln!(
            stores,
            "(i64.store (i32.const {at}) {open}(local.get {index}){close})"
        )
        .unwrap();
    }
    let count = params.len();
    format!(
        "(func (export \"spread\") (param{types}) (result i32)\n{stores}\
         (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const {count})) (i32.const 0))"
    )
}

/// Named types as WIT wants them defined.
#[derive(Default)]
struct World {
    definitions: String,
    count: usize,
}

impl World {
    /// How a type is written, once what it needs is defined.
    fn type_text(&mut self, ty: &Type) -> String {
        match ty.shape() {
            Shape::List(element) => format!("list<{}>", self.type_text(element)),
            Shape::Option(option) => format!("option<{}>", self.type_text(&option.ty)),
            Shape::Tuple(slots) => {
                let slots: Vec<_> = slots.iter().map(|slot| self.type_text(&slot.ty)).collect();
                format!("tuple<{}>", slots.join(", "))
            }
            Shape::Result(either) => {
                let mut text = |ty: &Option<Box<Type>>| ty.as_ref().map(|ty| self.type_text(ty));
                match (text(&either.ok), text(&either.err)) {
                    (None, None) => "result".to_owned(),
                    (Some(ok), None) => format!("result<{ok}>"),
                    (ok, Some(err)) => format!("result<{}, {err}>", ok.as_deref().unwrap_or("_")),
                }
            }
            Shape::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, self.type_text(&field.ty)));
                let fields = fields.collect();
                self.define("record", fields)
            }
            Shape::Variant(cases) => {
                let cases = cases.cases.iter().map(|case| match &case.ty {
                    Some(ty) => format!("{}({})", case.name, self.type_text(ty)),
                    None => case.name.to_string(),
                });
                let cases = cases.collect();
                self.define("variant", cases)
            }
            Shape::Enum(names) => self.define("enum", names.iter().map(ToString::to_string).collect()),
            Shape::Flags(names) => self.define("flags", names.iter().map(ToString::to_string).collect()),
            _ => ty.to_string(),
        }
    }

    fn define(&mut self, kind: &str, members: Vec<String>) -> String {
        let name = format!("t{}", self.count);
        self.count += 1;
        writeln!(self.definitions, "{kind} {name} {{ {} }}", members.join(", ")).unwrap();
        name
    }
}
