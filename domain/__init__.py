"""The rules of call histories, in the words of the trade; pure, no I/O.

The words, one meaning each:

Call
    The conversation. One call is one stream of the history.
Leg
    One party's connection to a call. What Twilio names a Call is a leg here.
Recording
    The audio of a call. Its *tracks* are what lies sealed in the object store.
Transcription
    What a machine wrote down of what was said in a call. Its *segments* may be corrected.
Message
    An SMS, an MMS or the like: its parties and its delivery. What it says is kept nowhere.
Party
    Who is at one end of a leg: the caller or the callee.
Consent
    One data subject's agreement to one purpose (Art. 4(11), 7), with the evidence of it.
Data subject
    The natural person behind a party (GDPR Art. 4(1)). Known by a random id only.
Controller
    The organisation whose workspace it is (Art. 4(7)). We are its processor.
Workspace
    What a controller has with us: settings, members, calls, and in the end its closure.
History
    The append-only log. An *entry* is one event in it, with its place and its times.
Vault
    Where sealed personal values lie. The history holds commitments to them, never the values.
Legal hold
    Art. 17(3): what it reaches is destroyed by nobody while it stands; erasures wait.
Restriction
    Art. 18: what is known of a data subject is kept and not used.
Erasure
    Art. 17: the subject's key is destroyed, then the sealed boxes are deleted.
Copy
    What the provider holds of a call: a leg, audio, text. Each goes by a request of its own; a
    *residual* is what remains of it until a date.
Expiry
    The end of a retention period. It is not erasure and a reader is told which one it was.
View
    What a projection builds from the history. It can always be rebuilt.
Dead letter
    A callback that was genuine but could not be understood. It is kept and can be replayed.
"""
