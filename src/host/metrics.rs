//! What the board shows, in the text form that Prometheus reads. Nothing is kept here: each scrape reads it anew.

use super::{Status, board::Board};
use crate::net::stats::Stats;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// The media type of [`scrape`].
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics, as they are now.
pub(super) fn scrape(board: &Board) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("rhost");
    let status = board.status().unwrap_or_default();
    registry.register_collector(Box::new(Scrape { status, isolates: board.isolates() }));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape {
    status: Status,
    /// By title of the worker and number among its isolates.
    isolates: Vec<(String, usize, Arc<Stats>)>,
}

/// A metric of the whole process: name, help, unit, value.
type OfProcess = (&'static str, &'static str, Option<Unit>, u64);

/// The same of each isolate.
type OfIsolate = (&'static str, &'static str, Option<Unit>, fn(&Stats) -> u64);

/// What goes up and down.
const GAUGES: [OfIsolate; 5] = [
    ("connections", "Open connections", None, |s| s.connections.get()),
    ("queued", "Data that waits for peers", Some(Unit::Bytes), |s| s.queued.get()),
    ("unfinished", "Data received of messages that are not whole yet", Some(Unit::Bytes), |s| {
        s.unread.get()
    }),
    ("timers", "Living timers", None, |s| s.timers.get()),
    ("waiting_handlers", "Handlers that wait", None, |s| s.waiting.count()),
];

/// What only goes up.
const COUNTERS: [OfIsolate; 6] = [
    ("accepted_connections", "Connections accepted", None, |s| s.accepted.get()),
    ("messages", "Messages handled", None, |s| s.messages.get()),
    ("received", "Data received from peers", Some(Unit::Bytes), |s| s.bytes_read.get()),
    ("sent", "Data handed to the kernel", Some(Unit::Bytes), |s| s.bytes_written.get()),
    (
        "dropped_messages",
        "Messages that were not sent: the queue or the budget was full, or the connection closed",
        None,
        |s| s.dropped.get(),
    ),
    ("restarts", "Times the isolate was started anew because it had died", None, |s| {
        s.restarts.get()
    }),
];

impl Scrape {
    fn of_process(&self) -> [OfProcess; 4] {
        let status = &self.status;
        [
            ("generation", "The generation that serves", None, status.generation),
            (
                "max_queued",
                "Data that may wait for peers",
                Some(Unit::Bytes),
                status.max_queued_bytes,
            ),
            (
                "max_received",
                "Data that may be received of messages that are not whole yet",
                Some(Unit::Bytes),
                status.max_received_bytes,
            ),
            ("resident_memory", "Memory of the process", Some(Unit::Bytes), status.memory),
        ]
    }

    /// How long the handlers wait that have waited for longest: of each place, event and generation the longest, so that
    /// there are no more series than a script has places.
    fn encode_longest_waits(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut longest = BTreeMap::new();
        for isolate in &self.status.isolates {
            for handler in &isolate.longest_waiting {
                let isolate = (isolate.worker.as_str(), isolate.id);
                // The number of a timer says nothing, and is another each time.
                let event = handler.event.split(' ').next().unwrap_or_default();
                let code = (handler.place.as_str(), event, handler.generation);
                let seconds = longest.entry((isolate, code)).or_insert(0.0);
                *seconds = handler.seconds.max(*seconds);
            }
        }
        let help = "Since when handlers wait that have waited for longest";
        let unit = Some(&Unit::Seconds);
        let mut metric =
            encoder.encode_descriptor("longest_wait", help, unit, MetricType::Gauge)?;
        for (((worker, id), (place, event, generation)), seconds) in longest {
            let labels = [
                ("worker", worker.to_owned()),
                ("isolate", id.to_string()),
                ("place", place.to_owned()),
                ("event", event.to_owned()),
                ("generation", generation.to_string()),
            ];
            metric.encode_family(&labels)?.encode_gauge(&seconds)?;
        }
        Ok(())
    }

    /// Each isolate with its labels.
    fn rows(&self) -> impl Iterator<Item = ([(&str, String); 2], &Stats)> {
        self.isolates.iter().map(|(worker, id, stats)| {
            ([("worker", worker.clone()), ("isolate", id.to_string())], &**stats)
        })
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, unit, value) in self.of_process() {
            encoder
                .encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?
                .encode_gauge(&value)?;
        }
        for (name, help, unit, read) in GAUGES {
            let mut metric =
                encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            for (labels, stats) in self.rows() {
                metric.encode_family(&labels)?.encode_gauge(&read(stats))?;
            }
        }
        self.encode_longest_waits(&mut encoder)?;
        for (name, help, unit, read) in COUNTERS {
            let rows = self.rows().map(|(labels, stats)| (labels, read(stats)));
            counter(&mut encoder, (name, help, unit), rows)?;
        }
        let faults = self.rows().flat_map(|([worker, isolate], stats)| {
            stats.faults.by_kind().map(|(kind, count)| {
                ([worker.clone(), isolate.clone(), ("kind", kind.to_owned())], count)
            })
        });
        counter(&mut encoder, ("faults", "Trouble by its kind", None), faults)?;
        let cut = self.rows().flat_map(|([worker, isolate], stats)| {
            stats.cut.by_reason().map(|(reason, count)| {
                ([worker.clone(), isolate.clone(), ("reason", reason.to_owned())], count)
            })
        });
        let help = "Connections closed because they held memory and did nothing with it";
        counter(&mut encoder, ("cut_connections", help, None), cut)?;
        let reloads = [
            ([("result", "accepted")], self.status.reloads),
            ([("result", "rejected")], self.status.rejected_reloads),
        ];
        counter(&mut encoder, ("reloads", "Times the script was read again", None), reloads)?;
        let help = "Lines of the log that could not be written";
        encoder
            .encode_descriptor("lost_log_lines", help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, u64, f64>(&self.status.lost_log_lines, None)?;
        let help = "How long handlers took, waits included";
        let mut latency = encoder.encode_descriptor(
            "handler_duration",
            help,
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (labels, stats) in self.rows() {
            let buckets = stats.latency.buckets();
            let count = buckets.iter().map(|(_, count)| count).sum();
            latency.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                stats.latency.sum(),
                count,
                &buckets,
                None,
            )?;
        }
        Ok(())
    }
}

fn counter<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help, unit): (&str, &str, Option<Unit>),
    rows: impl IntoIterator<Item = (L, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?;
    for (labels, count) in rows {
        metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
    }
    Ok(())
}
