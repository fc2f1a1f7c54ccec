//! What names a function of a user's own, in the ways in which people write it.

use std::path::{Path, PathBuf};

/// A function: `module:function`, and the folder in which the module lies, where a path before it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// As `path` of the task.
    pub folder: Option<PathBuf>,
    /// As Python imports it, such as `app.images`.
    pub module: String,
    /// Such as `shrink`, or `Image.shrink`.
    pub name: String,
}

impl Call {
    /// Reads `work:shrink`, `work.py:shrink`, `src/work.py:shrink`, `work.shrink` and each of them with `()` behind it. `folder` is
    /// where modules lie.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn read(text: &str, folder: &Path) -> Result<Self, String> {
        let bare = text.trim();
        let bare = bare.find('(').filter(|_| bare.ends_with(')')).map_or(bare, |at| &bare[..at]);
        let Some((place, name)) = bare.rsplit_once(':') else { return Self::without_colon(text, bare, folder) };
        if !is_name(name) {
            return Err(format!(
                "`{text}`: `{name}` is no name of a function; write `module:function`, such as `work:shrink`"
            ));
        }
        let (folder, module) = match place.rsplit_once('/') {
            Some((folder, file)) => (Some(PathBuf::from(if folder.is_empty() { "/" } else { folder })), file),
            None => (None, place),
        };
        let module = module.strip_suffix(".py").unwrap_or(module);
        if !is_name(module) {
            return Err(format!(
                "`{text}`: `{module}` is no name of a module; write `module:function`, such as `work:shrink`"
            ));
        }
        Ok(Self { folder, module: module.to_owned(), name: name.to_owned() })
    }

    fn without_colon(text: &str, bare: &str, folder: &Path) -> Result<Self, String> {
        let file_of = |module: &str| {
            let path = folder.join(module.replace('.', "/"));
            [path.with_extension("py"), path.join("__init__.py")].into_iter().find(|path| path.is_file())
        };
        // A function of a module, with a point between them; the longest module that is there.
        for (at, _) in bare.rmatch_indices('.') {
            let (module, name) = (&bare[..at], &bare[at + 1..]);
            if name != "py" && is_name(module) && is_name(name) && file_of(module).is_some() {
                return Ok(Self { folder: None, module: module.to_owned(), name: name.to_owned() });
            }
        }
        let file = match bare.ends_with(".py") {
            true => Some(folder.join(bare)).filter(|path| path.is_file()),
            false => is_name(bare).then(|| file_of(bare)).flatten(),
        };
        let module = bare.strip_suffix(".py").unwrap_or(bare);
        let known = file.map_or(Vec::new(), |file| functions_of(&file));
        Err(match known.as_slice() {
            [] => format!("`{text}` is not `module:function`, such as `work:shrink` for `shrink` of work.py"),
            [first, ..] => {
                let has = known.join(", ");
                format!("`{text}` names no function: write `{module}:{first}`; {module} has {has}")
            }
        })
    }

    /// `module:function`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}:{}", self.module, self.name)
    }
}

/// Whether a text is a name, or several with points between them.
pub(super) fn is_name(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !part.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// The functions that a file defines at its top, as far as its lines say.
fn functions_of(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let name = |line: &str| {
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ")?;
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        Some(name).filter(|name| !name.is_empty() && !name.starts_with('_'))
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_understood_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("work.py"), "def shrink(x): return x\nasync def fetch(x): return x\n")
            .unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        std::fs::write(folder.path().join("app/images.py"), "def thumb(x): return x\n").unwrap();
        let read = |text: &str| Call::read(text, folder.path());
        let of = |folder: Option<&str>, module: &str, name: &str| {
            Ok(Call { folder: folder.map(PathBuf::from), module: module.into(), name: name.into() })
        };
        for text in
            ["work:shrink", "work.py:shrink", "work:shrink()", "work:shrink(item)", "work.shrink", " work.shrink() "]
        {
            assert_eq!(read(text), of(None, "work", "shrink"), "{text}");
        }
        assert_eq!(read("app.images:Thumb.make"), of(None, "app.images", "Thumb.make"));
        assert_eq!(read("app.images.thumb"), of(None, "app.images", "thumb"));
        assert_eq!(read("src/lib/work.py:shrink"), of(Some("src/lib"), "work", "shrink"));
        assert_eq!(read("/work.py:shrink"), of(Some("/"), "work", "shrink"));
        let names = "write `work:shrink`; work has shrink, fetch";
        for text in ["work.py", "work"] {
            assert!(read(text).unwrap_err().ends_with(names), "{:?}", read(text));
        }
        for text in
            ["elsewhere", "elsewhere.py", "elsewhere.f", "work:", ":shrink", "a b:c", "1a:b", "os;x:y", "work:x y"]
        {
            assert!(read(text).unwrap_err().contains("module:function"), "{text}: {:?}", read(text));
        }
    }
}
