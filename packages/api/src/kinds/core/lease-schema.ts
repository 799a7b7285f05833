import { at, integer, object, text, time } from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const leaseSpec = object("LeaseSpec is a specification of a Lease.", {
  holderIdentity: at(1, text("HolderIdentity contains the identity of the holder of a current lease.")),
  leaseDurationSeconds: at(
    2,
    integer("LeaseDurationSeconds is a duration that candidates for a lease need to wait to force acquire it."),
  ),
  acquireTime: at(3, time("AcquireTime is a time when the current lease was acquired.")),
  renewTime: at(4, time("RenewTime is a time when the current holder of a lease has last updated the lease.")),
  leaseTransitions: at(5, integer("LeaseTransitions is the number of transitions of a lease between holders.")),
  strategy: at(6, text("Strategy indicates the strategy for picking the leader for coordinated leader election.")),
  preferredHolder: at(
    7,
    text("PreferredHolder signals to a lease holder that the lease has a more optimal holder and should be given up."),
  ),
});
