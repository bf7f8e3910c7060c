package audit

// Verb is what was done. The list is fixed: each has words in every language.
type Verb string

// The verbs. A new one needs its message audit.verb.<verb>.
const (
	RosterCheck       Verb = "roster-check"
	RosterImport      Verb = "roster-import"
	RosterDiscard     Verb = "roster-discard"
	RequirementAdd    Verb = "requirement-add"
	RequirementChange Verb = "requirement-change"
	RequirementClose  Verb = "requirement-close"
	StandingExtend    Verb = "standing-extend"
	StandingExempt    Verb = "standing-exempt"
	StandingMeet      Verb = "standing-meet"
	StandingReopen    Verb = "standing-reopen" // an exemption or a manual met is taken back
	ListExport        Verb = "list-export"
	AuditExport       Verb = "audit-export"
	PersonExport      Verb = "person-export"
	PersonErase       Verb = "person-erase"
	AddressChange     Verb = "address-change" // the address that somebody signs in with
	RoleGrant         Verb = "role-grant"
	RoleRevoke        Verb = "role-revoke"
	ScopeChange       Verb = "scope-change"
	IdentityClaim     Verb = "identity-claim" // a single sign-on identity is joined to a person
	PasskeyAdd        Verb = "passkey-add"
	PasskeyRemove     Verb = "passkey-remove"
	RecoveryUse       Verb = "recovery-use"
	ReminderPlan      Verb = "reminder-plan"
	ReminderSend      Verb = "reminder-send"
	ReminderStop      Verb = "reminder-stop"
	PledgeModerate    Verb = "pledge-moderate"
	RetentionSweep    Verb = "retention-sweep"
	WorkshopSchedule  Verb = "workshop-schedule"
	WorkshopChange    Verb = "workshop-change"
	WorkshopCancel    Verb = "workshop-cancel"
	WorkshopNames     Verb = "workshop-names" // somebody looked at who has booked
)

// Verbs lists every verb.
func Verbs() []Verb {
	return []Verb{
		RosterCheck, RosterImport, RosterDiscard, RequirementAdd, RequirementChange, RequirementClose, StandingExtend, StandingExempt, StandingMeet,
		StandingReopen, ListExport, AuditExport, PersonExport, PersonErase, AddressChange, RoleGrant, RoleRevoke, ScopeChange, IdentityClaim,
		PasskeyAdd, PasskeyRemove, RecoveryUse, ReminderPlan, ReminderSend, ReminderStop, PledgeModerate, RetentionSweep,
		WorkshopSchedule, WorkshopChange, WorkshopCancel, WorkshopNames,
	}
}
