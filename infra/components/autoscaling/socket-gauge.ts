import * as pulumi from '@pulumi/pulumi';

/** A port of a container, by the name that the container gives it and by its number. */
export interface NamedPort {
  readonly name: string;
  readonly number: number;
}

/** A gauge of open sockets that pods expose at a path, in Prometheus' text format. */
export interface SocketGauge {
  /** Which sockets the gauge of a pod counts: its own, or those that it passes on to the replicas. */
  readonly toldBy: 'replicas' | 'edge';
  /** Namespace of these pods; default: that of the replicas. */
  readonly namespace?: pulumi.Input<string>;
  /** Labels of these pods. */
  readonly pods: Readonly<Record<string, string>>;
  readonly port: NamedPort;
  /** Default: `/metrics`. */
  readonly path?: string;
  /**
   * Name of the gauge. If a pod has several series of it, only the first is read: add labels, as in
   * `sockets{transport="websocket"}`.
   */
  readonly metric: pulumi.Input<string>;
}

/** Sessions of a backend from HAProxy's own exporter: open sockets, and requests under way. */
const sessionsOf = (backend: string): string => `haproxy_backend_current_sessions{proxy="${backend}"}`;

export interface HaproxySessions {
  /** Labels of the edge's pods. */
  readonly pods: Readonly<Record<string, string>>;
  /** Where HAProxy's exporter is. */
  readonly port: NamedPort;
}

/** The sessions that a plain HAProxy passes on to the replicas. */
export const haproxySessions = ({ pods, port }: HaproxySessions): SocketGauge => ({
  toldBy: 'edge',
  pods,
  port,
  metric: sessionsOf('replicas'),
});

export interface ControllerSessions extends HaproxySessions {
  /** Namespace of the ingress controller; default: that of the replicas. */
  readonly namespace?: pulumi.Input<string> | undefined;
  /** The Service that the Ingress leads to: its namespace, its name and the name of its port. */
  readonly service: { readonly namespace: pulumi.Input<string>; readonly name: string; readonly port: string };
}

/** The sessions that haproxytech's ingress controller passes on to a Service. */
export const controllerSessions = ({ namespace, pods, port, service }: ControllerSessions): SocketGauge => ({
  toldBy: 'edge',
  ...(namespace === undefined ? {} : { namespace }),
  pods,
  port,
  // The controller's name for the backend of a Service.
  metric: pulumi.output(service.namespace).apply((where) => sessionsOf(`${where}_svc_${service.name}_${service.port}`)),
});
