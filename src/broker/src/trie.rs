//! Who is subscribed to what: a tree by topic level.

use std::collections::HashMap;

use crate::route::SessionId;

/// One subscription at a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Subscription {
    pub(crate) session: SessionId,
    pub(crate) qos: u8,
    /// Given by the hooks, not asked for by the client; lives beside an explicit one for the same filter.
    pub(crate) implicit: bool,
}

/// All subscriptions.
#[derive(Default)]
pub(crate) struct Trie {
    root: Node,
}

#[derive(Default)]
struct Node {
    children: HashMap<Box<str>, Node>,
    plus: Option<Box<Node>>,
    here: Vec<Subscription>,
    /// Filters that end in `#` below this node.
    hash: Vec<Subscription>,
}

impl Trie {
    /// Adds a subscription, or changes the QoS of the one that is there.
    pub(crate) fn insert(&mut self, filter: &str, subscription: Subscription) {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = match level {
                "#" => {
                    put(&mut node.hash, subscription);
                    return;
                }
                "+" => node.plus.get_or_insert_default(),
                _ => node.children.entry(level.into()).or_default(),
            };
        }
        put(&mut node.here, subscription);
    }

    /// Removes a subscription and the nodes that only it needed.
    pub(crate) fn remove(&mut self, filter: &str, session: SessionId, implicit: bool) {
        self.root.remove(&mut filter.split('/'), session, implicit);
    }

    /// Calls `found` for every subscription that matches the topic; one session may come several times.
    pub(crate) fn matches(&self, topic: &str, found: &mut impl FnMut(Subscription)) {
        let mut levels = topic.split('/');
        // `split` gives at least one.
        let first = levels.next().unwrap_or_default();
        if topic.starts_with('$') {
            if let Some(child) = self.root.children.get(first) {
                child.matches(levels, found);
            }
        } else {
            self.root.matches(topic.split('/'), found);
        }
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}

impl Node {
    fn matches<'a>(
        &self,
        mut levels: impl Iterator<Item = &'a str> + Clone,
        found: &mut impl FnMut(Subscription),
    ) {
        self.hash.iter().copied().for_each(&mut *found);
        match levels.next() {
            None => self.here.iter().copied().for_each(found),
            Some(level) => {
                if let Some(plus) = &self.plus {
                    plus.matches(levels.clone(), found);
                }
                if let Some(child) = self.children.get(level) {
                    child.matches(levels, found);
                }
            }
        }
    }

    fn remove<'a>(&mut self, levels: &mut impl Iterator<Item = &'a str>, session: SessionId, implicit: bool) {
        let gone = |s: &Subscription| s.session == session && s.implicit == implicit;
        match levels.next() {
            None => self.here.retain(|s| !gone(s)),
            Some("#") => self.hash.retain(|s| !gone(s)),
            Some("+") => {
                if let Some(plus) = &mut self.plus {
                    plus.remove(levels, session, implicit);
                    if plus.is_empty() {
                        self.plus = None;
                    }
                }
            }
            Some(level) => {
                if let Some(child) = self.children.get_mut(level) {
                    child.remove(levels, session, implicit);
                    if child.is_empty() {
                        self.children.remove(level);
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.plus.is_none() && self.here.is_empty() && self.hash.is_empty()
    }
}

fn put(list: &mut Vec<Subscription>, subscription: Subscription) {
    match list
        .iter_mut()
        .find(|s| s.session == subscription.session && s.implicit == subscription.implicit)
    {
        Some(old) => *old = subscription,
        None => list.push(subscription),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::{is_filter, is_topic, matches};
    use proptest::prelude::*;

    fn found(trie: &Trie, topic: &str) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        trie.matches(topic, &mut |s| sessions.push(s.session));
        sessions.sort_unstable();
        sessions
    }

    fn level() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "b", "", "$x", "+", "#", "c"])
    }

    proptest! {
        /// The tree against the definition, which walks one filter at a time.
        #[test]
        fn the_tree_finds_what_the_definition_says(
            filters in prop::collection::vec(prop::collection::vec(level(), 1..5), 0..12),
            topics in prop::collection::vec(prop::collection::vec(level(), 1..5), 1..8),
        ) {
            let filters: Vec<_> = filters.into_iter().map(|f| f.join("/")).filter(|f| is_filter(f)).collect();
            let mut trie = Trie::default();
            for (i, filter) in filters.iter().enumerate() {
                trie.insert(filter, Subscription { session: i as u64, qos: 0, implicit: false });
            }
            for topic in topics.into_iter().map(|t| t.join("/")).filter(|t| is_topic(t)) {
                let expected: Vec<_> = (0..filters.len()).filter(|&i| matches(&filters[i], &topic)).map(|i| i as u64).collect();
                prop_assert_eq!(found(&trie, &topic), expected);
            }
            for (i, filter) in filters.iter().enumerate() {
                trie.remove(filter, i as u64, false);
            }
            prop_assert!(trie.is_empty(), "removing leaves no node behind");
        }
    }

    #[test]
    fn an_implicit_subscription_lives_beside_an_explicit_one() {
        let mut trie = Trie::default();
        trie.insert(
            "a",
            Subscription {
                session: 1,
                qos: 1,
                implicit: false,
            },
        );
        trie.insert(
            "a",
            Subscription {
                session: 1,
                qos: 0,
                implicit: true,
            },
        );
        trie.insert(
            "a",
            Subscription {
                session: 1,
                qos: 0,
                implicit: false,
            },
        );
        assert_eq!(found(&trie, "a"), [1, 1]);
        trie.remove("a", 1, true);
        assert_eq!(found(&trie, "a"), [1]);
    }
}
