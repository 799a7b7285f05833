import { at, described, integer, object, text, time } from "../../schema/build.ts";
import { objectMeta } from "../meta-schema.ts";
import { objectReference } from "./reference-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const eventSource = object("EventSource contains information for an event.", {
  component: at(1, text("Component from which the event is generated.")),
  host: at(2, text("Node name on which the event is generated.")),
});

const eventSeries = object("EventSeries contain information on series of events, i.e.", {
  count: at(1, integer("Number of occurrences in this series up to the last heartbeat time.")),
  lastObservedTime: at(2, time("Time of the last occurrence observed.")),
});

export const event = object(
  "Event is a report of an event somewhere in the cluster.",
  {
    metadata: at(1, described("Standard object's metadata.", objectMeta)),
    involvedObject: at(2, described("The object that this event is about.", objectReference)),
    reason: at(
      3,
      text(
        "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
      ),
    ),
    message: at(4, text("A human-readable description of the status of this operation.")),
    source: at(5, described("The component reporting this event.", eventSource)),
    firstTimestamp: at(6, time("The time at which the event was first recorded.")),
    lastTimestamp: at(7, time("The time at which the most recent occurrence of this event was recorded.")),
    count: at(8, integer("The number of times this event has occurred.")),
    type: at(9, text("Type of this event (Normal, Warning), new types could be added in the future.")),
    eventTime: at(10, time("Time when this Event was first observed.")),
    series: at(
      11,
      described("Data about the Event series this event represents or nil if it's a singleton Event.", eventSeries),
    ),
    action: at(12, text("What action was taken/failed regarding to the Regarding object.")),
    related: at(13, described("Optional secondary object for more complex actions.", objectReference)),
    reportingComponent: at(14, text("Name of the controller that emitted this Event, e.g.")),
    reportingInstance: at(15, text("ID of the controller instance, e.g.")),
  },
  { required: ["metadata", "involvedObject"] },
);
