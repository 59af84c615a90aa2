//! Compares the image path with wasmtime's own values: what one lowers, the other must lift, for any type and value.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, Val};
use weft_function_engine::port::Tier;
use weft_types::image::{Attached, Bounds, Image};
use weft_types::ty::Shape;
use weft_types::{Type, json};

use super::{Arguments, Callee, call};
use crate::engine::{Engines, Slots};
use crate::host::HostState;
use crate::inspect::inspect;
use crate::load::exports;
use crate::{epoch, val};

mod echo;
#[path = "../../../types/tests/properties/generate.rs"]
mod generate;
mod world;

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 1 << 16,
};

static ENGINES: LazyLock<Arc<Engines>> = LazyLock::new(|| {
    Engines::new(Slots {
        optimized: 8,
        other: 8,
    })
    .unwrap()
});

/// A guest that keeps one value of a type and gives it back.
struct Keeper {
    store: Store<HostState>,
    instance: Instance,
    keep: Arc<Callee>,
    give: Arc<Callee>,
    /// Where the type is passed flat.
    spread: Option<Arc<Callee>>,
}

impl Keeper {
    async fn of(ty: &Type, tier: Tier) -> Self {
        let engine = &ENGINES.tier(tier).unwrap().engine;
        let bytes = echo::component(ty);
        let component = Component::new(engine, &bytes).unwrap();
        let inspection = inspect(engine, &component, &bytes).unwrap();
        let callees = exports::find(engine, &component, &inspection.exports).unwrap();
        let callee = |name: &str| {
            let index = inspection.exports.iter().position(|export| export.name == name)?;
            callees[index].clone()
        };
        let mut store = Store::new(engine, world::state());
        store.limiter(|state| state);
        epoch::arm(&mut store);
        let linker = &ENGINES.tier(tier).unwrap().linker;
        let instance = linker.instantiate_async(&mut store, &component).await.unwrap();
        Self {
            keep: callee("keep").unwrap(),
            give: callee("give").unwrap(),
            spread: callee("spread"),
            store,
            instance,
        }
    }

    async fn keep_image(&mut self, arguments: Image) {
        let kept = call(
            &mut self.store,
            &self.instance,
            self.keep.clone(),
            whole(arguments),
            BOUNDS,
        )
        .await;
        assert_eq!(kept.unwrap(), None);
    }

    async fn give_image(&mut self) -> Image {
        let nothing = json::parse_arguments(&self.give.signature, b"[]", BOUNDS).unwrap();
        let given = call(
            &mut self.store,
            &self.instance,
            self.give.clone(),
            whole(nothing),
            BOUNDS,
        )
        .await;
        given.unwrap().unwrap()
    }

    async fn keep_val(&mut self, arguments: &[Val]) {
        let keep = self.instance.get_func(&mut self.store, self.keep.index).unwrap();
        keep.call_async(&mut self.store, arguments, &mut [])
            .await
            .unwrap();
    }

    async fn give_val(&mut self) -> Val {
        let give = self.instance.get_func(&mut self.store, self.give.index).unwrap();
        let mut given = [Val::Bool(false)];
        give.call_async(&mut self.store, &[], &mut given).await.unwrap();
        let [given] = given;
        given
    }
}

fn whole(image: Image) -> Arguments {
    let attached = Attached::default();
    Arguments { image, attached }
}

/// The core values that a guest gets for `value`, by both ways.
async fn check_flat(keeper: &mut Keeper, ty: &Type, value: &serde_json::Value) {
    assert_eq!(keeper.spread.is_some(), echo::spreads(ty));
    let Some(spread) = keeper.spread.clone() else {
        return;
    };
    let arguments = serde_json::json!([value]).to_string();
    let arguments = json::parse_arguments(&spread.signature, arguments.as_bytes(), BOUNDS).unwrap();
    let Keeper { store, instance, .. } = keeper;
    let as_image = call(store, instance, spread.clone(), whole(arguments), BOUNDS)
        .await
        .unwrap()
        .unwrap();
    let image = json::parse(ty, value.to_string().as_bytes(), BOUNDS).unwrap();
    let function = instance.get_func(&mut *store, spread.index).unwrap();
    let mut as_val = [Val::Bool(false)];
    function
        .call_async(
            store,
            &[val::from_image(ty, &image, val::MAX_VALUES).expect("few values")],
            &mut as_val,
        )
        .await
        .unwrap();
    let result = spread.signature.result.as_ref().unwrap();
    assert_eq!(
        as_image,
        val::to_image(result, &as_val[0], BOUNDS).unwrap(),
        "passed flat"
    );
}

/// Passes a value through a guest in both ways and back.
async fn check(ty: &Type, value: &serde_json::Value, tier: Tier) {
    let mut keeper = Keeper::of(ty, tier).await;
    let result = keeper.give.signature.result.clone().unwrap();
    let kept = serde_json::json!([value, 7]);
    let image = json::parse(&result, kept.to_string().as_bytes(), BOUNDS).unwrap();
    let pad = [0; echo::PAD];
    let arguments = serde_json::json!({ "value": kept, "pad": pad }).to_string();
    let arguments = json::parse_arguments(&keeper.keep.signature, arguments.as_bytes(), BOUNDS).unwrap();

    keeper.keep_image(arguments).await;
    assert_eq!(keeper.give_image().await, image, "lowered and lifted as an image");
    let given = keeper.give_val().await;
    assert_eq!(
        val::to_image(&result, &given, BOUNDS).unwrap(),
        image,
        "lowered as an image, lifted as a value"
    );

    let pad = Val::Tuple(pad.map(Val::U64).to_vec());
    keeper
        .keep_val(&[
            val::from_image(&result, &image, val::MAX_VALUES).expect("few values"),
            pad,
        ])
        .await;
    assert_eq!(
        keeper.give_image().await,
        image,
        "lowered as a value, lifted as an image"
    );

    check_flat(&mut keeper, ty, value).await;
}

/// Whether the component model has such a type: it has nothing empty, and no flags beyond 32.
fn exists(ty: &Type) -> bool {
    match ty.shape() {
        Shape::Flags(names) => (1..=32).contains(&names.len()),
        Shape::Enum(names) => !names.is_empty(),
        Shape::List(element) => exists(element),
        Shape::Record(fields) => !fields.is_empty() && fields.iter().all(|field| exists(&field.ty)),
        Shape::Tuple(slots) => !slots.is_empty() && slots.iter().all(|slot| exists(&slot.ty)),
        Shape::Variant(cases) => cases.cases.iter().all(|case| case.ty.as_ref().is_none_or(exists)),
        Shape::Option(option) => exists(&option.ty),
        Shape::Result(either) => [&either.ok, &either.err]
            .into_iter()
            .flatten()
            .all(|ty| exists(ty)),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn images_and_values_agree(
        ty in generate::ty().prop_filter("a type of the component model", exists),
        entropy in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let value = generate::value(&ty, &mut generate::Entropy(&entropy));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(check(&ty, &value, Tier::Optimized));
    }
}
