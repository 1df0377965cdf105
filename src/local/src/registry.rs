//! Products and devices: who may log in, with which secret.
//!
//! The registry needs no running cloud: `faceiot device add` opens it by itself. A running cloud asks it at every
//! login and looks once a second whether another process has changed it, so that a removed device is cut off.

use std::fmt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use faceiot::{DeviceId, Error, ErrorKind, Result, Secret};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::acl;
use crate::data_dir::{DataDir, random_text};
use crate::db;

/// Products and devices of a data folder. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Registry {
    pool: SqlitePool,
}

/// What is needed to register a device. `Debug` does not show the secret.
#[derive(Clone)]
pub struct NewDevice {
    /// Who it is.
    pub id: DeviceId,
    /// Its secret; `None`: 32 random letters and digits, as long as the clouds' own.
    pub secret: Option<String>,
}

impl fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDevice")
            .field("id", &self.id)
            .field("secret", &self.secret.as_ref().map(|_| "***"))
            .finish()
    }
}

/// A registered device. `Debug` does not show the secret.
#[derive(Clone, Debug)]
pub struct Device {
    /// Who it is.
    pub id: DeviceId,
    /// What it signs its login with.
    pub secret: Secret,
    /// A disabled device is refused at login.
    pub enabled: bool,
    /// When it was registered, milliseconds since 1970.
    pub created_ms: u64,
    /// When it was last connected, milliseconds since 1970.
    pub last_seen_ms: Option<u64>,
}

/// A product: what Aliyun's devices belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Aliyun's `ProductKey`.
    pub product_key: String,
    /// A name for people.
    pub name: String,
}

impl Registry {
    /// Opens the registry of a data folder, which is created when it is missing.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use faceiot_local::{NewDevice, Registry};
    ///
    /// let registry = Registry::open(dir.path()).await?;
    /// let device = registry.add_device(NewDevice { id: "huawei:5fbb_camera1".parse()?, secret: None }).await?;
    /// assert_eq!(device.secret.expose().len(), 32);
    /// assert_eq!(format!("{:?}", device.secret), "***");
    /// assert_eq!(registry.list().await?.len(), 1);
    /// # Ok::<(), faceiot::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Io` when the folder cannot be made, `Store` when the file in it is not a registry of this version.
    pub async fn open(data_dir: impl AsRef<Path>) -> Result<Self> {
        let dir = DataDir::open(data_dir.as_ref())?;
        Ok(Self {
            pool: db::open(&dir.database()?).await?,
        })
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Registers a product, or gives a registered one another name. Adding a device adds its product.
    ///
    /// # Errors
    /// `InvalidArgument` for a product key that breaks Aliyun's rules.
    pub async fn add_product(&self, product_key: &str, name: &str) -> Result<Product> {
        check_product_key(product_key)?;
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(invalid(
                "a product's name has 1 to 64 characters, none of them a control character",
            ));
        }
        sqlx::query(
            "INSERT INTO products (product_key, name, created_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (product_key) DO UPDATE SET name = excluded.name",
        )
        .bind(product_key)
        .bind(name)
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(db::failed)?;
        Ok(Product {
            product_key: product_key.to_owned(),
            name: name.to_owned(),
        })
    }

    /// All products, by key.
    ///
    /// # Errors
    /// `Store` when the registry cannot be read.
    pub async fn products(&self) -> Result<Vec<Product>> {
        let rows = sqlx::query("SELECT product_key, name FROM products ORDER BY product_key")
            .fetch_all(&self.pool)
            .await
            .map_err(db::failed)?;
        rows.iter()
            .map(|row| {
                Ok(Product {
                    product_key: row.try_get(0)?,
                    name: row.try_get(1)?,
                })
            })
            .collect::<sqlx::Result<_>>()
            .map_err(db::failed)
    }

    /// Registers a device, and its product when that is new.
    ///
    /// Names: letters, digits and, in an Aliyun device name, `- _ @ . :`; in a Huawei device id, `- _`. A product
    /// key has 1 to 20 characters (and may hold the `*` of the documents' masked examples), a device name 1 to 32,
    /// a device id 1 to 128 (lengths: `iotkit-embedded` 3.0.1 and the `IoTDA` REST interface). Letters need not be
    /// Latin: the tutorials' readers try Chinese names, and the local cloud can serve them.
    ///
    /// # Errors
    /// `InvalidArgument` for such a name or for a secret that is empty, longer than 512 octets or holds control
    /// characters; `Exists` when the device is registered already.
    pub async fn add_device(&self, new: NewDevice) -> Result<Device> {
        let NewDevice { id, secret } = new;
        let product_key = match &id {
            DeviceId::Aliyun {
                product_key,
                device_name,
            } => {
                check_product_key(product_key)?;
                check_name("device name", device_name, 32, "-_@.:")?;
                Some(product_key.as_str())
            }
            DeviceId::Huawei { device_id } => {
                check_name("device id", device_id, 128, "-_")?;
                None
            }
        };
        let secret = match secret {
            Some(secret)
                if secret.is_empty() || secret.len() > 512 || secret.chars().any(char::is_control) =>
            {
                return Err(invalid(
                    "a secret has 1 to 512 octets, none of them a control character",
                ));
            }
            Some(secret) => secret,
            None => random_text(32)?,
        };
        let created_ms = now_ms();
        let mut tx = db::begin(&self.pool).await.map_err(db::failed)?;
        if let Some(product_key) = product_key {
            sqlx::query("INSERT OR IGNORE INTO products (product_key, name, created_ms) VALUES (?1, ?1, ?2)")
                .bind(product_key)
                .bind(created_ms)
                .execute(&mut *tx)
                .await
                .map_err(db::failed)?;
        }
        sqlx::query(
            "INSERT INTO devices (id, cloud, product_key, secret, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(id.to_string())
        .bind(id.cloud().to_string())
        .bind(product_key)
        .bind(&secret)
        .bind(created_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| match db::failed(e) {
            e if e.kind() == ErrorKind::Exists => {
                Error::new(ErrorKind::Exists, format!("device `{id}` is registered already"))
            }
            e => e,
        })?;
        changed(&mut tx).await?;
        tx.commit().await.map_err(db::failed)?;
        Ok(Device {
            id,
            secret: secret.into(),
            enabled: true,
            created_ms: u64::try_from(created_ms).unwrap_or(0),
            last_seen_ms: None,
        })
    }

    /// All devices, by id.
    ///
    /// # Errors
    /// `Store` when the registry cannot be read.
    pub async fn list(&self) -> Result<Vec<Device>> {
        let rows =
            sqlx::query("SELECT id, secret, enabled, created_ms, last_seen_ms FROM devices ORDER BY id")
                .fetch_all(&self.pool)
                .await
                .map_err(db::failed)?;
        rows.iter().map(device).collect()
    }

    /// One device, `None` when it is not registered.
    ///
    /// # Errors
    /// `Store` when the registry cannot be read.
    pub async fn find(&self, id: &DeviceId) -> Result<Option<Device>> {
        let row =
            sqlx::query("SELECT id, secret, enabled, created_ms, last_seen_ms FROM devices WHERE id = ?1")
                .bind(id.to_string())
                .fetch_optional(&self.pool)
                .await
                .map_err(db::failed)?;
        row.as_ref().map(device).transpose()
    }

    /// The secret of a device, `None` when it is not registered.
    ///
    /// # Errors
    /// `Store` when the registry cannot be read.
    pub async fn secret(&self, id: &DeviceId) -> Result<Option<Secret>> {
        Ok(self.find(id).await?.map(|device| device.secret))
    }

    /// Removes a device with its properties; its photos stay. Says whether there was one.
    ///
    /// # Errors
    /// `Store` when the registry cannot be written.
    pub async fn remove(&self, id: &DeviceId) -> Result<bool> {
        let mut tx = db::begin(&self.pool).await.map_err(db::failed)?;
        let done = sqlx::query("DELETE FROM devices WHERE id = ?1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(db::failed)?;
        sqlx::query("DELETE FROM device_log WHERE device = ?1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(db::failed)?;
        changed(&mut tx).await?;
        tx.commit().await.map_err(db::failed)?;
        Ok(done.rows_affected() > 0)
    }

    /// Lets a device log in, or refuses it; a running cloud cuts a disabled device off within a second. Says
    /// whether there is such a device.
    ///
    /// # Errors
    /// `Store` when the registry cannot be written.
    pub async fn set_enabled(&self, id: &DeviceId, enabled: bool) -> Result<bool> {
        let mut tx = db::begin(&self.pool).await.map_err(db::failed)?;
        let done = sqlx::query("UPDATE devices SET enabled = ?2 WHERE id = ?1")
            .bind(id.to_string())
            .bind(enabled)
            .execute(&mut *tx)
            .await
            .map_err(db::failed)?;
        changed(&mut tx).await?;
        tx.commit().await.map_err(db::failed)?;
        Ok(done.rows_affected() > 0)
    }

    /// A number that grows with every change to the devices, whichever process made it.
    pub(crate) async fn generation(&self) -> Result<i64> {
        sqlx::query_scalar("SELECT generation FROM registry_generation")
            .fetch_one(&self.pool)
            .await
            .map_err(db::failed)
    }

    /// Closes the file. Other clones of this registry fail from then on.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn changed(tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>) -> Result<()> {
    sqlx::query("UPDATE registry_generation SET generation = generation + 1")
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(db::failed)
}

fn device(row: &SqliteRow) -> Result<Device> {
    let read = || -> sqlx::Result<(String, String, bool, i64, Option<i64>)> {
        Ok((
            row.try_get(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
            row.try_get(4)?,
        ))
    };
    let (id, secret, enabled, created, seen) = read().map_err(db::failed)?;
    Ok(Device {
        id: id.parse()?,
        secret: secret.into(),
        enabled,
        created_ms: u64::try_from(created).unwrap_or(0),
        last_seen_ms: seen.map(|ms| u64::try_from(ms).unwrap_or(0)),
    })
}

fn check_product_key(product_key: &str) -> Result<()> {
    check_name("product key", product_key, 20, "*")?;
    if acl::RESERVED_PRODUCT_KEYS.contains(&product_key) {
        return Err(invalid(format!(
            "`{product_key}` is the beginning of the platform's own topics"
        )));
    }
    Ok(())
}

fn check_name(what: &str, name: &str, most: usize, signs: &str) -> Result<()> {
    let length = name.chars().count();
    if length == 0 || length > most {
        return Err(invalid(format!(
            "a {what} has 1 to {most} characters, this one has {length}"
        )));
    }
    match name.chars().find(|c| !c.is_alphanumeric() && !signs.contains(*c)) {
        Some(c) => Err(invalid(format!(
            "a {what} holds letters, digits and `{signs}`, not {c:?}"
        ))),
        None => Ok(()),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn registry() -> (tempfile::TempDir, Registry) {
        let temp = tempfile::tempdir().unwrap();
        let registry = Registry::open(temp.path()).await.unwrap();
        (temp, registry)
    }

    #[tokio::test]
    async fn a_device_is_added_once_listed_and_removed() {
        let (_temp, registry) = registry().await;
        let id: DeviceId = "aliyun:pk:cam:1".parse().unwrap();
        let made = registry
            .add_device(NewDevice {
                id: id.clone(),
                secret: None,
            })
            .await
            .unwrap();
        assert_eq!(made.secret.expose().len(), 32);
        let again = registry
            .add_device(NewDevice {
                id: id.clone(),
                secret: None,
            })
            .await
            .unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Exists);
        let listed = registry.list().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (&listed[0].id, listed[0].secret.expose()),
            (&id, made.secret.expose())
        );
        assert_eq!(registry.products().await.unwrap()[0].product_key, "pk");
        assert!(registry.remove(&id).await.unwrap());
        assert!(!registry.remove(&id).await.unwrap());
        assert!(registry.secret(&id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn two_openings_of_one_folder_see_each_other() {
        let (temp, running) = registry().await;
        let command = Registry::open(temp.path()).await.unwrap();
        let before = running.generation().await.unwrap();
        let id: DeviceId = "huawei:p_1".parse().unwrap();
        command
            .add_device(NewDevice {
                id: id.clone(),
                secret: Some("s3cret".into()),
            })
            .await
            .unwrap();
        assert_eq!(running.secret(&id).await.unwrap().unwrap().expose(), "s3cret");
        assert!(running.generation().await.unwrap() > before);
        assert!(command.set_enabled(&id, false).await.unwrap());
        assert!(!running.find(&id).await.unwrap().unwrap().enabled);
    }

    #[tokio::test]
    async fn names_and_secrets_that_break_the_clouds_rules_are_refused() {
        let (_temp, registry) = registry().await;
        let long_pk = format!("aliyun:{}:dn", "k".repeat(21));
        let long_dn = format!("aliyun:pk:{}", "d".repeat(33));
        let long_id = format!("huawei:{}", "d".repeat(129));
        for text in [
            "aliyun:p-k:dn",
            "aliyun:sys:dn",
            "aliyun:pk:a$b",
            "huawei:a:b",
            "aliyun:pk:<b>",
            &long_pk,
            &long_dn,
            &long_id,
        ] {
            let new = NewDevice {
                id: text.parse().unwrap(),
                secret: None,
            };
            let error = registry.add_device(new).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        }
        for secret in ["", "a\nb", &"s".repeat(513)] {
            let new = NewDevice {
                id: "aliyun:pk:dn".parse().unwrap(),
                secret: Some(secret.into()),
            };
            assert_eq!(
                registry.add_device(new).await.unwrap_err().kind(),
                ErrorKind::InvalidArgument
            );
        }
        assert!(registry.list().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_secret_does_not_print() {
        let (_temp, registry) = registry().await;
        let new = NewDevice {
            id: "aliyun:pk:dn".parse().unwrap(),
            secret: Some("canary-5eCr3t".into()),
        };
        assert!(!format!("{new:?}").contains("canary"));
        let device = registry.add_device(new).await.unwrap();
        assert!(!format!("{device:?} {registry:?}").contains("canary"));
    }
}
