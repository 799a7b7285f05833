import { clientContract } from "@sluice/api/suite";
import { expect, test } from "vitest";
import { defineSmallKind, smallKinds } from "../../../../store/src/small-kinds.fixture.ts";
import { wireWorld } from "./wire-world.fixture.ts";

clientContract({ test, expect, open: () => wireWorld(smallKinds(), { store: { defineKind: defineSmallKind } }) });
