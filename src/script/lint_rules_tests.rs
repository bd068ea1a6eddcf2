use super::*;
use crate::engine::lint::rules::Judge;
use rhai::Dynamic;

#[test]
fn what_the_reference_calls_read_only_is_what_cannot_be_assigned() {
    let rules = rules();
    for section in script_reference() {
        for entry in section.entries {
            let object = rules.objects.get(section.owner);
            let property = object.and_then(|object| object.properties.get(entry.name));
            if let Some(property) = property.filter(|_| OPEN.contains(&section.owner)) {
                let says_so = entry.text.contains("Read only.");
                assert_eq!(property.is_read_only, says_so, "{}.{}", section.owner, entry.name);
            }
        }
    }
}

#[test]
fn forms_of_the_reference_are_read_with_their_types() {
    let rules = rules();
    let forms = |name: &str| rules.functions[name].clone();
    let add = &forms("Timer::add")[1];
    assert_eq!(add.parameters, ["number", "function", "array"]);
    assert_eq!(add.gives, Some("int"));
    assert!(forms("sleep")[0].waits && forms("Timer::sleep")[0].waits);
    assert_eq!(forms("Worker::configure")[0].place, Where::TopLevel);
    assert_eq!(forms("Worker")[0].gives, Some("Worker"));
    assert_eq!(forms("std/router::create")[0].gives, Some("RouteTable"));
    let connection = &rules.objects["TcpConnection"];
    assert_eq!(connection.properties["worker"].kind, Some("Worker"));
    assert_eq!(connection.methods["send"][0].parameters, ["any"]);
    assert_eq!(connection.callbacks["on_error"].len(), 3);
    assert!(!connection.callbacks.contains_key("on_worker_start"));
    assert!(rules.objects["Worker"].methods.contains_key("add_root"));
}

#[test]
fn every_function_that_the_rules_name_is_in_the_reference() {
    let rules = rules();
    let callers = rules.callers.iter().map(|caller| caller.function);
    let routes = rules.routes.iter().map(|(function, ..)| *function);
    for function in callers.chain(routes).chain([rules.last, rules.configure]) {
        let known = match function.split_once('.') {
            Some((object, method)) => rules.objects[object].methods.contains_key(method),
            None => rules.functions.contains_key(function),
        };
        assert!(known, "{function}");
    }
}

#[test]
fn every_setting_is_judged_by_its_own_code() {
    let wrong: Dynamic = Dynamic::from(vec![Dynamic::from(1.5)]);
    for name in Settings::names() {
        assert!(HostJudge.property("Worker", name, &wrong).is_some(), "{name}");
    }
    for name in TcpConnection::SETTINGS {
        assert!(HostJudge.property("TcpConnection", name, &wrong).is_some(), "{name}");
    }
}
