import { useState } from "react";
import type { Receipt } from "../api/support";
import { SupportForm } from "../form/SupportForm";
import { Sent } from "./Sent";

/** The form as it stands on another site: it stays there, also once it was sent. */
export function Embed({ server }: { server: string }) {
  const [receipt, setReceipt] = useState<Receipt>();
  if (receipt) {
    return <Sent receipt={receipt} server={server} onAnother={() => setReceipt(undefined)} />;
  }
  return <SupportForm server={server} onSent={setReceipt} />;
}
