//! The tutorial's `iot.cfg`, read as Python's `configparser.ConfigParser()` reads it (Python 3.11, defaults), so that the file
//! that works there works here as it is.
//!
//! The same: `=` or `:`, whole-line `#` and `;` comments and no others, names in any case, values continued on lines that are
//! indented deeper, `[DEFAULT]`, `%%` for `%`; a section or a name given twice is an error. Different, on purpose: a lone `%`
//! is a `%` (there it is an error when the value is read), and `%(name)s` is refused (there it inserts another value).
//!
//! An error names the line, never its text: that may be a secret.

use std::collections::BTreeMap;

/// A parsed file: section -> lower-case name -> value.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Ini {
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is wrong, and in which line (from 1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

impl Ini {
    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, Mistake> {
        let mut reader = Reader::default();
        // Editors on Windows put a byte order mark in front.
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            reader.line(line).map_err(|what| Mistake {
                line: index + 1,
                what,
            })?;
        }
        reader.finish()
    }

    /// The value of `name` in `section`, or of `[DEFAULT]`; `None` when the section or the name is not there.
    pub(crate) fn value(&self, section: &str, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let own = self.sections.get(section)?;
        own.get(&name)
            .or_else(|| self.sections.get(DEFAULT)?.get(&name))
            .map(String::as_str)
    }

    /// The lower-case names that the section itself holds.
    pub(crate) fn names(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections
            .get(section)
            .into_iter()
            .flat_map(|own| own.keys().map(String::as_str))
    }

    /// Whether the section is there, empty or not.
    pub(crate) fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }
}

/// One pass over the lines; an option's value is open until the next option, section or the end.
#[derive(Default)]
struct Reader {
    done: Ini,
    section: Option<String>,
    open: Option<Open>,
    indent: usize,
    line: usize,
}

struct Open {
    name: String,
    lines: Vec<String>,
    line: usize,
}

impl Reader {
    fn line(&mut self, raw: &str) -> Result<(), &'static str> {
        self.line += 1;
        let text = raw.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        if text.is_empty() {
            if let Some(open) = &mut self.open {
                open.lines.push(String::new());
            }
            return Ok(());
        }
        let indent = raw.chars().take_while(|c| c.is_whitespace()).count();
        if indent > self.indent
            && let Some(open) = &mut self.open
        {
            open.lines.push(text.to_owned());
            return Ok(());
        }
        self.indent = indent;
        self.close()?;
        if let Some(header) = header(text) {
            return self.header(header);
        }
        let Some(section) = self.section.as_ref() else {
            return Err("a value before the first [section]");
        };
        let (name, value) = text
            .split_once(['=', ':'])
            .ok_or("neither a [section] nor `name = value`")?;
        let name = name.trim_end().to_lowercase();
        if name.is_empty() {
            return Err("no name before the `=`");
        }
        if self
            .done
            .sections
            .get(section)
            .is_some_and(|own| own.contains_key(&name))
        {
            return Err("this name is given twice in its section");
        }
        self.open = Some(Open {
            name,
            lines: vec![value.trim_start().to_owned()],
            line: self.line,
        });
        Ok(())
    }

    fn header(&mut self, name: &str) -> Result<(), &'static str> {
        if name != DEFAULT && self.done.has(name) {
            return Err("this section is there twice");
        }
        self.done.sections.entry(name.to_owned()).or_default();
        self.section = Some(name.to_owned());
        Ok(())
    }

    fn close(&mut self) -> Result<(), &'static str> {
        if let (Some(open), Some(section)) = (self.open.take(), &self.section) {
            let value = literal(open.lines.join("\n").trim_end())?;
            self.done
                .sections
                .entry(section.clone())
                .or_default()
                .insert(open.name, value);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Ini, Mistake> {
        let line = self.open.as_ref().map_or(self.line, |open| open.line);
        self.close().map_err(|what| Mistake { line, what })?;
        Ok(self.done)
    }
}

/// The name in `[name]`; text after the last `]` is ignored, as `configparser` does.
fn header(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    inner
        .rfind(']')
        .map(|end| &inner[..end])
        .filter(|name| !name.is_empty())
}

fn literal(value: &str) -> Result<String, &'static str> {
    if value.replace("%%", "").contains("%(") {
        return Err("`%(name)s` is not supported here: write the value itself");
    }
    Ok(value.replace("%%", "%"))
}

const DEFAULT: &str = "DEFAULT";

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    const SEED: &str =
        "[IOT]\nproductKey = xxx\ndeviceName = yyy\ndeviceSecret = zzz\n\n[OSS]\nossAccessKey = xxx\n";

    #[test]
    fn the_tutorials_file_is_read_as_it_is() {
        let ini = Ini::parse(SEED).unwrap_or_default();
        assert_eq!(ini.value("IOT", "productKey"), Some("xxx"));
        assert_eq!(ini.value("IOT", "deviceName"), Some("yyy"));
        assert_eq!(ini.value("IOT", "deviceSecret"), Some("zzz"));
        assert!(ini.has("OSS") && !ini.has("iot") && !ini.has("HUAWEI"));
    }

    #[test]
    fn a_mistake_names_the_line_and_not_the_secret_in_it() {
        for (text, line) in [
            ("[IOT]\nsecret-without-equals", 2),
            ("productKey = x", 1),
            ("[IOT]\na=1\n\n[IOT]\n", 4),
            ("[IOT]\na=1\nA:2\n", 3),
            ("[IOT]\n= 7\n", 2),
            ("[IOT]\nx = %(canary)s\n", 2),
        ] {
            let mistake = Ini::parse(text).err();
            assert_eq!(mistake.as_ref().map(|m| m.line), Some(line), "{text:?}");
            assert!(
                !format!("{mistake:?}").contains("canary")
                    && !format!("{mistake:?}").contains("secret-without")
            );
        }
    }

    #[test]
    fn a_lone_percent_sign_is_part_of_the_secret() {
        let ini = Ini::parse("[HUAWEI]\ndeviceSecret = 50%\na = 100%%\n").unwrap_or_default();
        assert_eq!(ini.value("HUAWEI", "deviceSecret"), Some("50%"));
        assert_eq!(ini.value("HUAWEI", "a"), Some("100%"));
    }

    /// Python's own parser is the judge: every text gives the same sections, names and values, or both refuse it.
    #[test]
    fn pythons_configparser_reads_every_one_of_these_the_same_way() {
        let texts = [
            SEED,
            "[IOT]\n  productKey = a\n  deviceName = b\n",
            "[IOT]\nproductKey: a:b=c\ndeviceName   =   b  \n",
            "[IOT]\nkey = one\n  two\n\n   three\n\nother = x\n",
            "# c\n; c\n[IOT]\n# c\nkey = a # not a comment\n  # a comment\n  more\n",
            "[DEFAULT]\nshared = 1\n[IOT]\nown = 2\n[HUAWEI]\nshared = 3\n",
            "[IOT]\nempty =\nnext = 1\n",
            "[IOT]\r\nkey = windows\r\n",
            "\u{feff}[IOT]\nkey = marked\n",
            "[IOT] trailing\nkey = v\n",
            "[a]b]\nkey = v\n",
            "[IOT]\nkey = 密钥\n",
            "[IOT]\nkey = 100%%\n",
            "",
            "[IOT]\nkey\n",
            "[IOT]\nkey = 1\nKEY = 2\n",
            "[IOT]\n[IOT]\n",
            "key = 1\n",
            "[]\nkey = 1\n",
            "[IOT]\n= 1\n",
            "[DEFAULT]\na=1\n[DEFAULT]\nb=2\n[IOT]\n",
        ];
        for text in texts {
            let ours = match Ini::parse(text) {
                Ok(ini) => {
                    let names: Vec<String> = ini
                        .sections
                        .values()
                        .flat_map(|own| own.keys().cloned())
                        .collect();
                    let sections: BTreeMap<&str, BTreeMap<&str, &str>> = ini
                        .sections
                        .keys()
                        .filter(|section| *section != DEFAULT)
                        .map(|section| {
                            let own = names
                                .iter()
                                .filter_map(|name| Some((name.as_str(), ini.value(section, name)?)))
                                .collect();
                            (section.as_str(), own)
                        })
                        .collect();
                    serde_json::to_value(sections).unwrap()
                }
                Err(_) => serde_json::json!("refused"),
            };
            assert_eq!(ours, python(text), "{text:?}");
        }
    }

    fn python(text: &str) -> serde_json::Value {
        const PROGRAM: &str = "\
import configparser, json, sys
text = sys.stdin.buffer.read().decode('utf-8-sig').replace('\\r\\n', '\\n')
parser = configparser.ConfigParser()
try:
    parser.read_string(text)
    print(json.dumps({name: dict(parser[name]) for name in parser.sections()}))
except configparser.Error:
    print(json.dumps('refused'))
";
        let mut child = Command::new("python3")
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 judges this test");
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
