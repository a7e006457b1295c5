"""Salesforce: scores on opportunities, one BANT_Assessment__c per call, closed deals, fit."""
