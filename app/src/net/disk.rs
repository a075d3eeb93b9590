//! The console's copy on disk: one IndexedDB database for each user of this device.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
};

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbTransaction, IdbTransactionMode};

use super::promise;
use crate::net::disk_key::{BOOT_STORES, CACHES, DiskKey, STORES};

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase.transaction` with its options, which web-sys does not bind.
    #[wasm_bindgen(extends = js_sys::Object, typescript_type = "IDBDatabase")]
    type DurableDatabase;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn durable(
        this: &DurableDatabase,
        stores: &JsValue,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// Why a disk operation failed, as a text for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskError(pub String);

impl DiskError {
    /// Whether the disk's quota is exhausted.
    pub fn is_full(&self) -> bool {
        self.0.contains("QuotaExceeded")
    }
}

impl From<JsValue> for DiskError {
    fn from(error: JsValue) -> Self {
        Self(promise::words(&error))
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Disk {
    database: IdbDatabase,
    /// The keys that this page found or wrote.
    kept: Rc<RefCell<HashSet<DiskKey>>>,
    /// Whether no other page writes to the database, so that only keys in `kept` can exist.
    alone: Rc<Cell<bool>>,
}

/// Values by key; `None` means that the disk has no value.
type Found = Vec<(DiskKey, Option<Vec<u8>>)>;

const VERSION: u32 = 1;

fn factory() -> Result<IdbFactory, DiskError> {
    let missing = || DiskError("this browser has no storage for web pages".into());
    web_sys::window().ok_or_else(missing)?.indexed_db()?.ok_or_else(missing)
}

fn names(stores: &[&str]) -> JsValue {
    stores
        .iter()
        .map(|store| JsValue::from_str(store))
        .collect::<Array>()
        .into()
}

impl Disk {
    /// Opens the database, and creates it if it does not exist.
    pub async fn open(name: &str) -> Result<Self, DiskError> {
        let request = factory()?.open_with_u32(name, VERSION)?;
        let upgrade = {
            let request = request.clone();
            Closure::<dyn Fn()>::new(move || {
                let Ok(database) = request.result().map(JsCast::unchecked_into::<IdbDatabase>) else {
                    return;
                };
                let there = database.object_store_names();
                for store in STORES.into_iter().filter(|store| !there.contains(store)) {
                    // If a store cannot be created, the open request itself fails.
                    if database.create_object_store(store).is_err() {
                        return;
                    }
                }
            })
        };
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let database: IdbDatabase = promise::request(&request).await?.unchecked_into();
        // When another tab signs out or upgrades the database, an open handle would block it.
        let close = {
            let database = database.clone();
            Closure::<dyn Fn()>::new(move || database.close())
        };
        database.set_onversionchange(Some(close.as_ref().unchecked_ref()));
        close.forget();
        Ok(Self {
            database,
            kept: Rc::default(),
            alone: Rc::default(),
        })
    }

    /// Deletes a database.
    pub async fn delete(name: &str) -> Result<(), DiskError> {
        let request: IdbOpenDbRequest = factory()?.delete_database(name)?;
        promise::request(&request).await?;
        Ok(())
    }

    /// Closes the database.
    pub fn close(&self) {
        self.database.close();
    }

    /// Reads all values needed for the first paint, and records the keys of the other stores. `alone` says that no
    /// other page writes to the database.
    pub async fn boot(&self, alone: bool) -> Result<Vec<(DiskKey, Vec<u8>)>, DiskError> {
        self.alone.set(alone);
        let transaction = self.database.transaction_with_str_sequence(&names(&STORES))?;
        let mut asked = vec![];
        for store in STORES {
            let objects = transaction.object_store(store)?;
            // This store holds up to ten thousand rows, and each row contains its own key.
            let keys = match store {
                "heads" => None,
                _ => Some(promise::request(&objects.get_all_keys()?)),
            };
            let values = match BOOT_STORES.contains(&store) {
                true => Some(promise::request(&objects.get_all()?)),
                false => None,
            };
            asked.push((store, keys, values));
        }
        let mut found = vec![];
        for (store, keys, values) in asked {
            let keys: Option<Array> = match keys {
                Some(keys) => Some(keys.await?.unchecked_into()),
                None => None,
            };
            let key_of = |name: JsValue| DiskKey::parse(store, &name.as_string()?);
            let Some(values) = values else {
                self.kept
                    .borrow_mut()
                    .extend(keys.iter().flat_map(Array::iter).filter_map(key_of));
                continue;
            };
            let values: Array = values.await?.unchecked_into();
            for (at, value) in (0..).zip(values.iter()) {
                let value = value.unchecked_into::<Uint8Array>().to_vec();
                let key = match &keys {
                    Some(keys) => key_of(keys.get(at)),
                    None => DiskKey::of_head(&value),
                };
                if let Some(key) = key {
                    found.push((key, value));
                }
            }
        }
        Ok(found)
    }

    /// Records that another page writes to the database, too.
    pub fn share(&self) {
        self.alone.set(false);
    }

    /// Reads single values; the requests are already sent when this returns. `None` means that no value can exist: the
    /// disk is not asked, because that would take longer than asking the server.
    pub fn read(&self, keys: &[DiskKey]) -> Option<impl Future<Output = Result<Found, DiskError>> + use<>> {
        let may_be = |key: &DiskKey| !self.alone.get() || self.kept.borrow().contains(key);
        let there: Vec<DiskKey> = keys.iter().copied().filter(may_be).collect();
        if there.is_empty() {
            return None;
        }
        let ask = || -> Result<Vec<_>, JsValue> {
            let transaction = self.database.transaction_with_str_sequence(&names(&STORES))?;
            let ask = |key: DiskKey| {
                let value = transaction.object_store(key.store())?.get(&key.name().into())?;
                Ok((key, promise::request(&value)))
            };
            there.into_iter().map(ask).collect()
        };
        let asked = ask();
        Some(async move {
            let mut found = vec![];
            for (key, value) in asked? {
                let value = value.await?;
                found.push((key, value.is_object().then(|| Uint8Array::new(&value).to_vec())));
            }
            Ok(found)
        })
    }

    /// Writes values in one transaction; `None` deletes a value. With `durable` the write waits until the values would
    /// survive a crash of the machine; `clear` first empties the stores of copies.
    pub async fn write(
        &self,
        values: Vec<(DiskKey, Option<Vec<u8>>)>,
        durable: bool,
        clear: bool,
    ) -> Result<(), DiskError> {
        let put = values.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| *key);
        self.kept.borrow_mut().extend(put);
        let mut stores: Vec<&str> = values.iter().map(|(key, _)| key.store()).collect();
        if clear {
            stores.extend(CACHES);
        }
        stores.sort_unstable();
        stores.dedup();
        let transaction = self.transaction(&names(&stores), durable)?;
        if clear {
            for store in CACHES {
                transaction.object_store(store)?.clear()?;
            }
        }
        for (key, value) in values {
            let objects = transaction.object_store(key.store())?;
            let name = JsValue::from(key.name());
            match value {
                Some(bytes) => objects.put_with_key(&Uint8Array::from(bytes.as_slice()), &name)?,
                None => objects.delete(&name)?,
            };
        }
        promise::transaction(&transaction).await?;
        Ok(())
    }

    fn transaction(&self, stores: &JsValue, durable: bool) -> Result<IdbTransaction, JsValue> {
        let options = Object::new();
        let durability = if durable { "strict" } else { "relaxed" };
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let database: &DurableDatabase = self.database.unchecked_ref();
        match database.durable(stores, "readwrite", &options) {
            Ok(transaction) => Ok(transaction),
            // Some browsers do not know the option.
            Err(_) => self
                .database
                .transaction_with_str_sequence_and_mode(stores, IdbTransactionMode::Readwrite),
        }
    }
}
