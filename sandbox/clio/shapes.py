"""What every kind of record can show: Clio's field names, from its published description of 2026-04-08 (facts §1).

A name that is not here is answered with 400, like Clio does (facts §6); a name that is here but which the sandbox does
not keep is answered with null. `tests/connectors/test_clio_sandbox_contract.py` holds these tables to the published file.
"""

from __future__ import annotations

#: Plain fields of every shape, also those that only appear inside another.
_SCALARS = {
    "Account": "id etag name state created_at updated_at",
    "AccountBalance": "id balance type name currency_id",
    "Activity": """
        id etag type date quantity_in_hours rounded_quantity_in_hours quantity rounded_quantity
        quantity_redacted price note flat_rate billed on_bill total contingency_fee created_at updated_at
        reference non_billable non_billable_total no_charge tax_setting redacted
    """,
    "ActivityDescription": """
        id etag name visible_to_co_counsel created_at updated_at default type utbms_activity_id
        utbms_task_name utbms_task_id xero_service_code accessible_to_user category_type
    """,
    "ActivityDescriptionRate": "amount non_billable_amount type hierarchy",
    "ActivityRate": "id etag rate flat_rate created_at updated_at contact_id co_counsel_contact_id",
    "Activity_CalendarEntry": "id etag calendar_owner_id",
    "Activity_Task": "id etag",
    "Activity_TextMessageConversation": "id etag",
    "Address": "id etag street city province postal_code country name created_at updated_at primary",
    "Allocation": """
        id etag date amount interest voided_at created_at updated_at description has_online_payment
        destroyable payment_type
    """,
    "Attendee": "id etag type name enabled email created_at updated_at",
    "AttorneyAllocation": """
        id etag account_id resource_id resource_type originating_attorney_allocation
        responsible_attorney_allocation created_at updated_at
    """,
    "Avatar": "id etag created_at updated_at url _destroy",
    "BankAccount": """
        account_number balance bank_transactions_count clio_payment_page_link clio_payment_page_qr_code
        clio_payments_enabled controlled_account created_at currency currency_symbol currency_id
        default_account domicile_branch etag general_ledger_number holder id institution name swift
        transit_number type updated_at
    """,
    "BankTransaction": """
        id type etag created_at updated_at bank_account_id source confirmation date amount currency
        currency_id description exchange_rate transaction_type funds_in funds_out clio_payments_transaction
        current_account_balance read_only_confirmation
    """,
    "Bill": """
        id etag number issued_at created_at due_at tax_rate secondary_tax_rate updated_at subject
        purchase_order type memo start_at end_at balance state kind total paid paid_at pending due
        discount_services_only can_update credits_issued shared last_sent_at services_secondary_tax
        services_sub_total services_tax services_taxable_sub_total services_secondary_taxable_sub_total
        taxable_sub_total secondary_taxable_sub_total sub_total tax_sum secondary_tax_sum total_tax
        available_state_transitions
    """,
    "BillingSetting": """
        id etag rounded_duration rounding use_decimal_rounding currency currency_sign tax_rate tax_name
        apply_tax_by_default apply_secondary_tax_by_default
        time_on_flat_rate_contingency_matters_is_non_billable use_secondary_tax secondary_tax_rate
        secondary_tax_rule secondary_tax_name notify_after_bill_created use_utbms_codes created_at
        updated_at multi_currency_billing billing_currencies
    """,
    "Calendar": """
        id etag color light_color court_rules_default_calendar name permission type visible created_at
        updated_at source
    """,
    "CalendarEntry": """
        id etag summary description location start_at start_date start_time end_at end_date end_time all_day
        recurrence_rule parent_calendar_entry_id court_rule created_at updated_at permission
        calendar_owner_id start_at_time_zone time_entries_count redacted
    """,
    "CalendarEntryEventType": "id etag created_at updated_at color name",
    "Client": """
        id name first_name middle_name last_name type created_at updated_at prefix title initials
        is_matter_client primary_email_address primary_phone_number client_connect_user_id date_of_birth
    """,
    "ClientPortal": "id etag created_at updated_at unread_count unread_notifiable_count",
    "ClioPaymentsLink": """
        active amount created_at currency description email_address etag expires_at id
        is_allocated_as_revenue redirect_url url
    """,
    "ClioPaymentsPayment": """
        amount confirmation_number created_at currency deposit_as_revenue description email_address id state
        updated_at
    """,
    "Communication": "id etag subject body type date time_entries_count created_at updated_at received_at",
    "ConferenceMeeting": "conference_id conference_password created_at etag id join_url type source_id updated_at",
    "Contact": """
        id etag name first_name middle_name last_name date_of_birth type created_at updated_at prefix title
        initials clio_connect_email locked_clio_connect_email client_connect_user_id primary_email_address
        secondary_email_address primary_phone_number secondary_phone_number ledes_client_id
        has_clio_for_clients_permission is_client is_clio_for_client_user is_co_counsel is_bill_recipient
        sales_tax_number redacted
    """,
    "ContingencyFee": "id etag created_at updated_at show_contingency_award",
    "Currency": "id etag code sign created_at updated_at",
    "CustomField": "id etag created_at updated_at name parent_type field_type displayed deleted required display_order",
    "CustomFieldSetAssociation": "id etag display_order created_at updated_at",
    "CustomFieldValue": """
        id etag field_name created_at updated_at field_type field_required field_displayed
        field_display_order value soft_deleted
    """,
    "DocumentVersion": """
        id document_id etag uuid created_at updated_at filename size version_number content_type received_at
        put_url fully_uploaded
    """,
    "EmailAddress": "id etag address name primary created_at updated_at",
    "EvergreenRetainer": "id created_at updated_at etag minimum_threshold",
    "ExpenseCategory": """
        id etag name rate entry_type created_at updated_at xero_expense_code accessible_to_user currency
        tax_setting
    """,
    "ExternalProperty": "id etag name value created_at updated_at",
    "Folder": "id etag created_at updated_at deleted_at type locked name root",
    "Group": "client_connect_user etag id name type updated_at",
    "InstantMessenger": "id etag address name created_at updated_at",
    "JobTitle": "id etag name initials",
    "KycFieldValue": """
        id etag field_name field_label created_at updated_at field_type field_value field_possible_values
        group
    """,
    "LegalAidUkActivity": """
        activity_sub_category advocacy base_rate bolt_ons bolt_ons_summary court eligible_for_sqm expert
        form_of_civil_legal_service id is_custom_rate json_key region tax_exclusive uplift user_type
    """,
    "LegalAidUkContact": """
        id disability disability_code ethnicity ethnicity_title financially_eligible gender gender_title
        national_insurance_number
    """,
    "LegalAidUkMatter": """
        access_point laa_office_number ait_hearing_centre
        attended_several_hearings_acting_for_multiple_clients bill_ho_ucn bill_number_of_attendances
        bill_outcome_for_the_client_code bill_stage_reached_code case_reference case_start_date category
        category_as_string certificate_effective_date certificate_expiration_date certificate_number
        certificate_scope certification_type change_of_solicitor client_equal_opportunity_monitoring
        client_type clr_start_date clr_total_profit_costs cost_limit counsel court court_id court_id_code
        created_at delivery_location dscc_number duty_solicitor etag exceptional_case_funding_reference
        expense_limit fee_scheme first_conducting_solicitor id irc_surgery legacy_case
        legal_representation_number lh_total_disbursements lh_start_date lh_total_profit_costs
        linked_matter_id local_authority_number maat_id matter_type matter_type_code matter_type_1
        matter_type_1_code matter_type_1_title matter_type_2 matter_type_2_code matter_type_2_title
        matter_types_combined number_of_clients_seen_at_surgery number_of_clients party police_station
        post_transfer_clients_represented postal_application_accepted prior_authority_reference prison_id
        prison_law_prior_approval_number procurement_area region related_claims_number
        representation_order_date schedule_reference_number scheme_id session_type solicitor_type
        standard_fee_category surgery_clients_resulting_in_a_legal_help_matter_opened surgery_clients
        surgery_date transfer_date type_of_advice type_of_service ucn ufn undesignated_area_court updated_at
        user_type youth_court
    """,
    "LogEntry": "id etag type accessed_at created_at updated_at",
    "Matter": """
        id etag number display_number custom_number description status location client_reference client_id
        billable maildrop_address billing_method open_date close_date pending_date created_at updated_at
        shared has_tasks last_activity_date matter_stage_updated_at redacted
    """,
    "MatterBillRecipient": "created_at etag id updated_at",
    "MatterBudget": "id etag budget include_expenses notification_threshold notify_users created_at updated_at",
    "MatterContacts": """
        contact_created_at contact_updated_at created_at description etag first_name id initials is_client
        last_name matter_id matter_number middle_name name prefix primary_email_address primary_phone_number
        relationship_name secondary_email_address secondary_phone_number title type updated_at
        client_connect_user_id
    """,
    "MatterCustomRate": "type on_invoice",
    "MatterDocket": "id etag name start_date start_time status created_at updated_at deleted_at",
    "MatterStage": "id etag practice_area_id name order created_at updated_at",
    "Note": "id etag type subject detail detail_text_type date created_at updated_at time_entries_count",
    "NotificationEventSubscriber": "id etag user_id name created_at updated_at",
    "NotificationMethod": "id etag type email_address is_default_email_address created_at updated_at",
    "Participant": """
        id etag created_at updated_at type identifier secondary_identifier enabled name initials
        job_title_name
    """,
    "PaymentProfile": """
        id etag created_at updated_at billing_setting_id name terms discount_rate discount_period
        interest_rate interest_period interest_type
    """,
    "PhoneNumber": "id etag number name primary created_at updated_at",
    "PicklistOption": "id etag created_at updated_at option deleted_at",
    "PolymorphicObject": "id type identifier secondary_identifier tertiary_identifier",
    "PracticeArea": "id etag created_at updated_at name category code",
    "RelatedContacts": """
        id contact_id name first_name middle_name last_name type created_at updated_at prefix title initials
        is_matter_client primary_email_address primary_phone_number client_connect_user_id
    """,
    "Relationship": "id etag description created_at updated_at",
    "Reminder": "id etag duration next_delivery_at state created_at updated_at",
    "SplitInvoicePayer": "id contact_id matter_id send_to_bill_recipients split_portion etag created_at updated_at",
    "Task": """
        id etag name status description description_text_type priority due_at permission completed_at
        notify_completion statute_of_limitations time_estimated created_at updated_at time_entries_count
    """,
    "TaskTemplateListInstace": "id etag created_at updated_at",
    "TaskType": "id etag name deleted_at created_at updated_at",
    "Timer": "id etag start_time elapsed_time created_at updated_at",
    "User": """
        account_owner clio_connect court_rules_default_attendee created_at default_calendar_id email enabled
        etag first_name id initials last_name name phone_number rate roles subscription_type time_zone
        updated_at
    """,
    "UtbmsCode": "id etag name code description type utbms_set_id created_at updated_at",
    "WebSite": "id etag address name default_web_site created_at updated_at",
    "Webhook": "id etag url fields shared_secret model status events expires_at created_at updated_at",
}

#: What may be opened with braces, one level deep: name -> shape, or [shape] for a list.
_ASSOCIATIONS = {
    "Activity": """
        currency:Currency activity_description:ActivityDescription expense_category:ExpenseCategory
        bill:Bill communication:Communication client_portal:ClientPortal matter:Matter matter_note:Note
        contact_note:Note subject:PolymorphicObject timer:Timer user:User utbms_expense:UtbmsCode
        vendor:Contact calendar_entry:Activity_CalendarEntry task:Activity_Task
        text_message_conversation:Activity_TextMessageConversation document_version:DocumentVersion
        legal_aid_uk_activity:LegalAidUkActivity
    """,
    "ActivityDescription": """
        currency:Currency groups:*Group rate:ActivityDescriptionRate utbms_task:UtbmsCode
        utbms_activity:UtbmsCode
    """,
    "BankAccount": """
        user:User
    """,
    "Calendar": """
        creator:User
    """,
    "CalendarEntry": """
        time_entries:*Activity conference_meeting:ConferenceMeeting matter:Matter matter_docket:MatterDocket
        calendar_owner:Calendar parent_calendar_entry:CalendarEntry
        calendar_entry_event_type:CalendarEntryEventType attendees:*Attendee calendars:*Calendar
        reminders:*Reminder external_properties:*ExternalProperty
    """,
    "Client": """
        avatar:Avatar company:Contact addresses:*Address email_addresses:*EmailAddress
        phone_numbers:*PhoneNumber web_sites:*WebSite
    """,
    "ClioPaymentsLink": """
        bank_account:BankAccount bill:Bill clio_payments_payment:ClioPaymentsPayment contact:Contact
        destination_account:BankAccount destination_contact:Contact
    """,
    "ClioPaymentsPayment": """
        bank_transaction:BankTransaction clio_payments_link:ClioPaymentsLink contact:Contact
        destination_account:BankAccount user:User allocations:*Allocation bills:*Bill matters:*Matter
    """,
    "Contact": """
        currency:Currency activity_rates:*ActivityRate addresses:*Address
        custom_field_values:*CustomFieldValue custom_field_set_associations:*CustomFieldSetAssociation
        email_addresses:*EmailAddress instant_messengers:*InstantMessenger phone_numbers:*PhoneNumber
        web_sites:*WebSite notification_methods:*NotificationMethod account_balances:*AccountBalance
        related_contacts:*Contact kyc_field_values:*KycFieldValue primary_work_address:Address
        primary_address:Address secondary_address:Address company:Contact avatar:Avatar
        payment_profile:PaymentProfile folder:Folder co_counsel_rate:ActivityRate primary_web_site:WebSite
        legal_aid_uk_contact:LegalAidUkContact
    """,
    "CustomField": """
        picklist_options:*PicklistOption
    """,
    "LogEntry": """
        item:PolymorphicObject user:User
    """,
    "Matter": """
        currency:Currency client:Contact contingency_fee:ContingencyFee custom_rate:MatterCustomRate
        evergreen_retainer:EvergreenRetainer folder:Folder group:Group matter_budget:MatterBudget
        matter_stage:MatterStage originating_attorney:User practice_area:PracticeArea
        responsible_attorney:User responsible_staff:User statute_of_limitations:Task user:User
        legal_aid_uk_matter:LegalAidUkMatter attorney_allocation:AttorneyAllocation
        account_balances:*AccountBalance custom_field_values:*CustomFieldValue
        custom_field_set_associations:*CustomFieldSetAssociation matter_bill_recipients:*MatterBillRecipient
        relationships:*Relationship task_template_list_instances:*TaskTemplateListInstace
        kyc_field_values:*KycFieldValue split_invoice_payers:*SplitInvoicePayer
    """,
    "MatterContacts": """
        avatar:Avatar company:Contact primary_address:Address primary_web_site:WebSite
        secondary_address:Address secondary_web_site:WebSite addresses:*Address
        custom_field_values:*CustomFieldValue email_addresses:*EmailAddress phone_numbers:*PhoneNumber
        web_sites:*WebSite relationship:Relationship
    """,
    "Note": """
        matter:Matter contact:Contact author:User time_entries:*Activity
        notification_event_subscribers:*NotificationEventSubscriber
    """,
    "RelatedContacts": """
        avatar:Avatar company:Contact primary_address:Address primary_web_site:WebSite
        secondary_address:Address secondary_web_site:WebSite addresses:*Address
        custom_field_values:*CustomFieldValue email_addresses:*EmailAddress phone_numbers:*PhoneNumber
        web_sites:*WebSite relationship:Relationship
    """,
    "Relationship": """
        matter:Matter contact:Contact
    """,
    "Reminder": """
        notification_method:NotificationMethod subject:PolymorphicObject
    """,
    "Task": """
        time_entries:*Activity task_type:TaskType assigner:User matter:Matter assignee:Participant
        reminders:*Reminder
    """,
    "User": """
        default_activity_description:ActivityDescription notification_methods:*NotificationMethod
        account:Account avatar:Avatar contact:Contact job_title:JobTitle groups:*Group
    """,
    "Webhook": """
        user:User
    """,
}

SCALARS: dict[str, frozenset[str]] = {shape: frozenset(names.split()) for shape, names in _SCALARS.items()}

#: shape -> field -> (shape of what is inside, is it a list?)
ASSOCIATIONS: dict[str, dict[str, tuple[str, bool]]] = {
    shape: {
        name: (inner.lstrip("*"), inner.startswith("*"))
        for name, inner in (pair.split(":") for pair in pairs.split())
    }
    for shape, pairs in _ASSOCIATIONS.items()
}
