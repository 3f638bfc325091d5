package schema

// HotQueries are asked for every message that comes in or goes out, by name.
func HotQueries() map[string]string {
	return map[string]string{
		"AnsweredElsewhere": answeredElsewhere, "AskedToWrite": askedToWrite, "AutomaticMails": automaticMails,
		"CancelAutomatic": cancelAutomatic, "ClaimPart": claimPart, "CommandIsDue": commandIsDue, "ConfirmStop": confirmStop,
		"ConversationStanding": conversationStanding, "ConversationsByRFCMessageID": conversationsByRFCMessageID,
		"EarlierContact": earlierContact, "EscalateUndelivered": escalateUndelivered, "History": history, "HoldFollowing": holdFollowing,
		"InsertOutboundMessage": insertOutboundMessage, "LastSendError": lastSendError, "LeftMessages": leftMessages,
		"MailPartByMessageID": mailPartByMessageID, "MailToAnswerFrom": mailToAnswerFrom, "ModelSpending": modelSpending,
		"MuteAssistant": muteAssistant, "NamedTickets": namedTickets, "NewestTemplate": newestTemplate,
		"NewestVerification": newestVerification, "VerificationOfPart": verificationOfPart, "RecentVerifications": recentVerifications,
		"WaitForVerification": waitForVerification, "MailVerification": mailVerification, "CountTry": countTry, "ExpireVerification": expireVerification,
		"TriesAmong": triesAmong, "TellTries": tellTries, "MessagesToProve": messagesToProve, "HideCode": hideCode, "SetTurnProof": setTurnProof,
		"OpenTurn": openTurn, "PageMessages": pageMessages,
		"PartBarred": partBarred, "PartOfStatus": partOfStatus, "PartsOfTurn": partsOfTurn, "RecentMessages": recentMessages,
		"Released": released, "ReleaseHeld": releaseHeld, "SameWords": sameWords, "SentPastUs": sentPastUs, "TakeOver": takeOver,
		"UnknownWhatsApp": unknownWhatsApp, "UnsentTurn": unsentTurn, "UnsettledMessages": unsettledMessages, "WaitingParts": waitingParts,
	}
}

// VectorQueries compare vectors, by name.
func VectorQueries() map[string]string {
	return map[string]string{"HybridSearch": hybridSearch, "NearestChunks": nearestChunks}
}
