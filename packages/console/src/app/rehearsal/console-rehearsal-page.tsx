import type { ReactNode } from "react";
import { CalibrationSection } from "./calibration-section.tsx";
import { DayChoice } from "./day-choice.tsx";
import { RehearsalPage } from "./rehearsal-page.tsx";

/** With a Sluice behind it: the users of what runs here, and how right earlier rehearsals were. */
export function ConsoleRehearsalPage(): ReactNode {
  return (
    <RehearsalPage dayChoice={(chosen, onChange) => <DayChoice chosen={chosen} onChange={onChange} />}>
      <CalibrationSection />
    </RehearsalPage>
  );
}
