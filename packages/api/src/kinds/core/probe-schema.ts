import {
  at,
  choice,
  count,
  described,
  integer,
  intOrString,
  list,
  long,
  object,
  refused,
  text,
  textList,
  within,
} from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const execAction = object("ExecAction describes a 'run in container' action.", {
  command: at(
    1,
    textList(
      "Command is the command line to execute inside the container, the working directory for the command is root ('/') in the container's …",
    ),
  ),
});

const httpHeader = object(
  "HTTPHeader describes a custom header to be used in HTTP probes.",
  {
    name: at(1, text("The header field name.")),
    value: at(2, text("The header field value.", { "x-sluice-sensitive": true })),
  },
  { required: ["name", "value"] },
);

const httpGetAction = object(
  "HTTPGetAction describes an action based on HTTP Get requests.",
  {
    path: at(1, text("Path to access on the HTTP server.", { default: "/" })),
    port: at(2, intOrString("Name or number of the port to access on the container.")),
    host: at(3, text("Host name to connect to, defaults to the pod IP.")),
    scheme: at(4, choice("Scheme to use for connecting to the host.", ["HTTP", "HTTPS"], { default: "HTTP" })),
    httpHeaders: at(5, list("Custom headers to set in the request.", httpHeader)),
  },
  { required: ["port"] },
);

const tcpSocketAction = object(
  "TCPSocketAction describes an action based on opening a socket.",
  {
    port: at(1, intOrString("Number or name of the port to access on the container.")),
    host: at(2, text("Optional.")),
  },
  { required: ["port"] },
);

const grpcAction = object(
  "GRPCAction specifies an action involving a GRPC service.",
  {
    port: at(1, integer("Port number of the gRPC service.")),
    service: at(2, text("Service is the name of the service to place in the gRPC HealthCheckRequest (see …")),
  },
  { required: ["port"] },
);

export const probe = object(
  "Probe describes a health check to be performed against a container to determine whether it is alive or ready to receive traffic.",
  {
    exec: within(1, 1, described("A command; 0 means well.", execAction)),
    httpGet: within(1, 2, described("A request; 200 to 399 means well.", httpGetAction)),
    tcpSocket: within(1, 3, described("A connection; if it opens, all is well.", tcpSocketAction)),
    grpc: within(1, 4, refused("grpc probes", "httpGet, tcpSocket or exec", grpcAction)),
    initialDelaySeconds: at(
      2,
      count("Number of seconds after the container has started before liveness probes are initiated."),
    ),
    timeoutSeconds: at(3, integer("Number of seconds after which the probe times out.", { minimum: 1, default: 1 })),
    periodSeconds: at(4, integer("How often (in seconds) to perform the probe.", { minimum: 1, default: 10 })),
    successThreshold: at(
      5,
      integer("Minimum consecutive successes for the probe to be considered successful after having failed.", {
        minimum: 1,
        default: 1,
      }),
    ),
    failureThreshold: at(
      6,
      integer("Minimum consecutive failures for the probe to be considered failed after having succeeded.", {
        minimum: 1,
        default: 3,
      }),
    ),
    terminationGracePeriodSeconds: at(
      7,
      long("Optional duration in seconds the pod needs to terminate gracefully upon probe failure.", { minimum: 1 }),
    ),
  },
);

const sleepAction = object(
  "SleepAction describes a 'sleep' action.",
  {
    seconds: at(1, long("Seconds is the number of seconds to sleep.")),
  },
  { required: ["seconds"] },
);

const lifecycleHandler = object(
  "LifecycleHandler defines a specific action that should be taken in a lifecycle hook.",
  {
    exec: at(1, described("Exec specifies a command to execute in the container.", execAction)),
    httpGet: at(2, described("HTTPGet specifies an HTTP GET request to perform.", httpGetAction)),
    tcpSocket: at(3, described("Deprecated.", tcpSocketAction)),
    sleep: at(4, described("Sleep represents a duration that the container should sleep.", sleepAction)),
  },
);

export const lifecycle = object(
  "Lifecycle describes actions that the management system should take in response to container lifecycle events.",
  {
    postStart: at(1, described("PostStart is called immediately after a container is created.", lifecycleHandler)),
    stopSignal: at(3, text("The signal that asks the container to end.")),
    preStop: at(
      2,
      described(
        "PreStop is called immediately before a container is terminated due to an API request or management event such as liveness/startup probe …",
        lifecycleHandler,
      ),
    ),
  },
);
